// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ActivityWord} from "../types/ActivityWord.sol";
import {Course} from "../types/Course.sol";
import {MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Index, Price} from "../types/Quantities.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {Words} from "../libraries/Words.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {FundingStorage} from "./FundingStorage.sol";

/// @notice Closes funding periods and begins the next ones.
abstract contract FundingAccrual is FundingStorage {
    using Words for IMarketWords;

    /// @dev What closing a period comes to; nothing is charged when `charged` is zero.
    struct Closed {
        uint32 start;
        uint32 end;
        // Seconds that pay.
        uint256 charged;
        int256 premium;
        int256 rate;
        Index index;
    }

    /// @inheritdoc IFundingIndex
    function accrue(MarketId market) external {
        _accrued(market);
    }

    /// @inheritdoc IFundingIndex
    function prepare(MarketId market) external returns (MarketWord word) {
        return _accrued(market);
    }

    /// @inheritdoc IFundingIndex
    function peek(MarketId market) external view returns (MarketWord word) {
        word = _listed(market);
        if (!word.isDue()) return word;
        Course memory course = _courses[market];
        return _next(market, word, course, _close(market, word, course));
    }

    /// @inheritdoc IFundingIndex
    function predictedRate(MarketId market) external view returns (int256 rate) {
        MarketWord word = _listed(market);
        Course memory course = _courses[market];
        int256 weighted;
        // A period that is due is over: the running one has no sample yet, and steps from the rate of the one that is due.
        if (word.isDue()) _close(market, word, course);
        else weighted = FundingMath.weightedUntil(POSITIONS.activity(market), course.periodEnd());
        return FundingMath.rate(FundingMath.average(weighted, course), course);
    }

    /// @dev Accrues what is due and returns the market word after it.
    function _accrued(MarketId market) internal returns (MarketWord word) {
        word = _listed(market);
        if (!word.isDue()) return word;
        Course memory course = _courses[market];
        return _begin(market, word, course, _close(market, word, course));
    }

    /// @dev Ends the running period, now at the latest: what it comes to, and the course that follows it in place of `course`.
    function _close(
        MarketId market,
        MarketWord word,
        Course memory course
    ) internal view returns (Closed memory closed) {
        closed.start = course.periodStart;
        closed.end = uint32(Math.min(course.periodEnd(), block.timestamp));
        closed.index = word.index();
        _charge(closed, word, course, POSITIONS.activity(market));
        _startAnew(course, closed.end);
    }

    /// @dev The first ended period is charged if a mark was published during it. Periods after it cannot have had one,
    /// because a new mark accrues before it enters; so there is nothing to loop over. An index that would not fit its word stays where
    /// it is: a market must not stop for good.
    function _charge(Closed memory closed, MarketWord word, Course memory course, ActivityWord activity) private view {
        if (course.markTime < closed.start) return;
        uint256 charged = _secondsUp(course.chargedUntil(), closed.end);
        if (charged == 0) return;
        int256 premium = FundingMath.average(FundingMath.weightedUntil(activity, closed.end), course);
        int256 rate = FundingMath.rate(premium, course);
        Index move = FundingMath.indexMove(rate, word.mark(), word.unit(), charged);
        int256 moved = Index.unwrap(closed.index) + Index.unwrap(move);
        if (moved != int72(moved)) return;
        (closed.charged, closed.premium, closed.rate, closed.index) = (charged, premium, rate, Index.wrap(moved));
        course.lastRate = int32(rate);
    }

    /// @dev Seconds from `start` to `end` in which the chain was up.
    function _secondsUp(uint256 start, uint256 end) private view returns (uint256) {
        if (start >= end) return 0;
        return Math.saturatingSub(end - start, WATCH.downBetween(start, end));
    }

    /// @dev Begins the period that holds this second. What of it lies before `end`, the end of the period before, has been charged
    /// to the minute, rounded up; a market that was just listed has no period before.
    function _startAnew(Course memory course, uint256 end) internal view {
        course.periodStart = course.startNow();
        course.chargedBefore = uint16(Math.ceilDiv(Math.saturatingSub(end, course.periodStart), 1 minutes));
    }

    /// @dev Writes what follows a closed period. Its terms are those that are stored.
    function _begin(
        MarketId market,
        MarketWord word,
        Course memory course,
        Closed memory closed
    ) internal returns (MarketWord next) {
        next = _next(market, word, course, closed);
        Course storage stored = _courses[market];
        (stored.periodStart, stored.lastRate) = (course.periodStart, course.lastRate);
        stored.chargedBefore = course.chargedBefore;
        POSITIONS.beginPeriod(market, next);
        _announce(market, word, course, closed);
    }

    function _next(
        MarketId market,
        MarketWord word,
        Course memory course,
        Closed memory closed
    ) private view returns (MarketWord) {
        return _interims[market].applied(word.withIndex(closed.index).withDue(course.periodEnd()));
    }

    function _announce(MarketId market, MarketWord word, Course memory course, Closed memory closed) private {
        if (closed.charged == 0) {
            emit FundingSkipped(market, closed.start);
            return;
        }
        emit FundingAccrued(
            market,
            closed.start,
            closed.end,
            uint32(closed.charged),
            int32(closed.rate),
            int32(closed.premium),
            course.interest,
            int72(Index.unwrap(closed.index)),
            uint32(Price.unwrap(word.mark()))
        );
    }
}
