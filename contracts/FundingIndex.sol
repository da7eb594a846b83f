// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Course} from "./types/Course.sol";
import {MarketId} from "./types/Ids.sol";
import {Interim} from "./types/Interim.sol";
import {MarketWord} from "./types/MarketWord.sol";
import {Index, Price} from "./types/Quantities.sol";
import {Words} from "./libraries/Words.sol";
import {FundingStorage} from "./funding/FundingStorage.sol";
import {GuardianPause} from "./funding/GuardianPause.sol";
import {Governed} from "./governance/Governed.sol";
import {IFundingIndex, MarketView} from "./interfaces/IFundingIndex.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";
import {ISequencerWatch} from "./interfaces/ISequencerWatch.sol";

/// @title FundingIndex
/// @notice Owns the market words and computes funding from settled fills; see `IFundingIndex`.
contract FundingIndex is GuardianPause {
    /// @param source Where prices come from.
    /// @param positions `PerpPositions`, where the market words lie.
    /// @param watch Tells outages, which are not charged.
    /// @param manager Says who may list markets, set their terms and pause them.
    constructor(
        IPriceSource source,
        IMarketWords positions,
        ISequencerWatch watch,
        address manager
    ) FundingStorage(source, positions, watch) Governed(manager) {}

    /// @inheritdoc IFundingIndex
    function refresh(MarketId[] calldata markets) external {
        WATCH.beat();
        uint32 maxAge = Words.maxPriceAge(POSITIONS);
        for (uint256 i; i < markets.length; ++i) _refresh(markets[i], maxAge);
    }

    /// @inheritdoc IFundingIndex
    function interimOf(MarketId market) external view returns (Interim memory) {
        return _interims[market];
    }

    /// @inheritdoc IFundingIndex
    function marketOf(MarketId market) external view returns (MarketView memory) {
        MarketWord word = _listed(market);
        Course memory course = _courses[market];
        return
            MarketView({
                mark: uint32(Price.unwrap(word.mark())),
                time: course.markTime,
                freshUntil: uint32(word.freshUntil()),
                unit: uint24(word.unit()),
                held: word.isHeld(),
                index: int72(Index.unwrap(word.index())),
                initialBps: uint16(word.initialBps()),
                maintenanceBps: uint16(word.maintenanceBps()),
                takerFee: uint16(word.takerFee()),
                makerFee: uint16(word.makerFee()),
                interval: uint32(course.length()),
                lastRate: course.lastRate,
                periodStart: course.periodStart,
                interest: course.interest,
                cap: course.cap,
                damp: course.damp,
                step: course.step,
                chargedBefore: course.chargedBefore
            });
    }

    /// @dev Accrues at the old mark, then takes what the source and the time have to say.
    function _refresh(MarketId market, uint32 maxAge) private {
        MarketWord word = _accrued(market);
        Interim storage interim = _interims[market];
        MarketWord next = interim.applied(word);
        (uint32 price, uint32 time, bool clamped) = SOURCE.latest(MarketId.unwrap(market));
        uint32 last = _courses[market].markTime;
        // Without a price the mark grows stale, so what held the market may as well go on until there is one.
        if (price != 0 && time >= last) {
            next = next.withHeld(clamped || interim.isPaused());
            if (time > last) {
                (_courses[market].markTime, last) = (time, time);
                next = next.withMark(price, _until(time, maxAge));
            }
        }
        if (next != word) {
            POSITIONS.setMarket(market, next);
            emit MarkUpdated(market, uint32(Price.unwrap(next.mark())), last, next.isHeld());
        }
    }

    /// @dev The last second that 32 bits hold, where the sum is beyond.
    function _until(uint32 time, uint32 age) private pure returns (uint32) {
        uint256 sum = uint256(time) + age;
        return sum > type(uint32).max ? type(uint32).max : uint32(sum);
    }
}
