// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bound, Bounds} from "../types/Bound.sol";
import {Course} from "../types/Course.sol";
import {MarketId} from "../types/Ids.sol";
import {Interim} from "../types/Interim.sol";
import {MarketWord, MarketWords} from "../types/MarketWord.sol";
import {Index} from "../types/Quantities.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {Governed} from "../governance/Governed.sol";
import {FundingTerms, IMarketTerms, Limits, Listing} from "../interfaces/IMarketTerms.sol";
import {FundingAccrual} from "./FundingAccrual.sol";

/// @notice What the governor may say of markets.
abstract contract MarketTerms is FundingAccrual, Governed {
    uint24 private constant UNIT_LIMIT = 2 ** 23 - 1;
    uint16 private constant FEE_LIMIT = 10_000;
    uint16 private constant INTERVAL_LIMIT = 1 days / 1 minutes;
    uint32 private constant CAP_LIMIT = 50_000_000;
    // Not zero, so that a position's snapshot, and with it a swept position's word, is not zero either.
    int256 private constant FIRST_INDEX = 1 << 32;

    /// @inheritdoc IMarketTerms
    function listMarket(
        string calldata symbol,
        Listing calldata listing
    ) external restricted returns (MarketId market) {
        if (listing.unit == 0 || listing.unit > UNIT_LIMIT) revert Market_UnitOutOfRange(listing.unit, UNIT_LIMIT);
        _checkMargins(listing.initialBps, listing.maintenanceBps);
        _checkFees(listing.takerFee, listing.makerFee);
        _checkTerms(listing.terms);
        market = MarketId.wrap(++marketCount);
        MarketWord word = MarketWords
            .listed(listing.unit, Index.wrap(FIRST_INDEX))
            .withMargins(listing.initialBps, listing.maintenanceBps)
            .withFees(listing.takerFee, listing.makerFee);
        Course memory course;
        _take(course, listing.terms);
        _startAnew(course, 0);
        _courses[market] = course;
        word = word.withTier(_limit(market, listing.limits));
        POSITIONS.beginPeriod(market, word.withDue(course.periodEnd()));
        emit MarketListed(market, symbol, listing);
    }

    /// @inheritdoc IMarketTerms
    function setMargins(MarketId market, uint16 initialBps, uint16 maintenanceBps) external restricted {
        _checkMargins(initialBps, maintenanceBps);
        MarketWord word = _listed(market);
        Interim storage interim = _interims[market];
        (interim.initialFrom, interim.initialTo) = (uint16(word.initialBps()), initialBps);
        (interim.maintenanceFrom, interim.maintenanceTo) = (uint16(word.maintenanceBps()), maintenanceBps);
        interim.startedAt = uint32(block.timestamp);
        POSITIONS.setMarket(market, interim.applied(word));
        emit MarginsChanged(market, initialBps, maintenanceBps);
    }

    /// @inheritdoc IMarketTerms
    function setFees(MarketId market, uint16 takerFee, uint16 makerFee) external restricted {
        _checkFees(takerFee, makerFee);
        POSITIONS.setMarket(market, _listed(market).withFees(takerFee, makerFee));
        emit FeesChanged(market, takerFee, makerFee);
    }

    /// @inheritdoc IMarketTerms
    function setLimits(MarketId market, Limits calldata limits) external restricted {
        MarketWord word = _listed(market);
        Interim storage interim = _interims[market];
        interim.tierFrom = uint16(Bound.unwrap(word.tier()));
        interim.tierTo = uint16(Bound.unwrap(_limit(market, limits)));
        interim.tierStartedAt = uint32(block.timestamp);
        POSITIONS.setMarket(market, interim.applied(word));
        emit LimitsChanged(market, limits);
    }

    /// @inheritdoc IMarketTerms
    function setTerms(MarketId market, FundingTerms calldata terms) external restricted {
        _checkTerms(terms);
        MarketWord word = _accrued(market);
        Course memory course = _courses[market];
        Closed memory closed = _close(market, word, course);
        _take(course, terms);
        _startAnew(course, closed.end);
        _courses[market] = course;
        _begin(market, word, course, closed);
        emit TermsChanged(market, terms);
    }

    /// @dev A rate beyond a new cap is not where the next one steps from.
    function _take(Course memory course, FundingTerms calldata terms) private pure {
        (course.interest, course.cap, course.damp) = (terms.interest, terms.cap, terms.damp);
        (course.step, course.interval) = (terms.step, terms.interval);
        course.lastRate = int32(FundingMath.clamp(course.lastRate, int256(uint256(terms.cap))));
    }

    /// @dev Sets the cap and returns the tier.
    function _limit(MarketId market, Limits calldata limits) private returns (Bound tier) {
        if (limits.tier > limits.openInterestCap) {
            revert Market_LimitsInconsistent(limits.tier, limits.openInterestCap);
        }
        tier = Bounds.pack(limits.tier, Bounds.TIER);
        POSITIONS.setOpenInterestCap(market, Bounds.pack(limits.openInterestCap, Bounds.CAP));
    }

    function _checkMargins(uint16 initialBps, uint16 maintenanceBps) private pure {
        if (maintenanceBps == 0 || maintenanceBps >= initialBps || initialBps > 10_000) {
            revert Market_MarginsInconsistent(initialBps, maintenanceBps);
        }
    }

    function _checkFees(uint16 takerFee, uint16 makerFee) private pure {
        if (takerFee > FEE_LIMIT) revert Market_FeeTooHigh(takerFee, FEE_LIMIT);
        if (makerFee > FEE_LIMIT) revert Market_FeeTooHigh(makerFee, FEE_LIMIT);
    }

    function _checkTerms(FundingTerms calldata terms) private pure {
        if (terms.interval == 0 || terms.interval > INTERVAL_LIMIT) revert Market_IntervalOutOfRange(terms.interval);
        bool bounded = terms.cap <= CAP_LIMIT && terms.damp <= terms.cap;
        int256 cap = int256(uint256(terms.cap));
        if (!bounded || terms.interest > cap || terms.interest < -cap) {
            revert Market_TermsOutOfRange(terms.interest, terms.cap, terms.damp);
        }
        // A rate that cannot move would stay where it began.
        if (terms.step > 2 * terms.cap || (terms.step == 0 && terms.cap != 0)) {
            revert Market_StepOutOfRange(terms.step, terms.cap);
        }
    }
}
