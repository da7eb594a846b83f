// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {ActivityWord} from "./types/ActivityWord.sol";
import {MarketId} from "./types/Ids.sol";
import {MarketWord, MarketWords} from "./types/MarketWord.sol";
import {Index, Price} from "./types/Quantities.sol";
import {FundingMath} from "./libraries/FundingMath.sol";
import {IFundingIndex, Listing, MarketView} from "./interfaces/IFundingIndex.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";

/// @title FundingIndex
/// @notice Owns the market words and computes funding from settled fills; see `IFundingIndex`.
contract FundingIndex is IFundingIndex, Ownable2Step {
    /// @dev Terms of a market and where its funding stands; one word.
    struct Course {
        int32 interest;
        uint32 cap;
        uint32 damp;
        // Funding interval in minutes.
        uint16 interval;
        // Rate of the last period that ended, parts of 10^9 per 8 hours.
        int32 lastRate;
        // First second of the running period.
        uint32 periodStart;
        // When the mark was published.
        uint32 markTime;
    }

    /// @dev What closing a period comes to.
    struct Closed {
        bool charged;
        int256 rate;
        Index index;
    }

    uint24 private constant UNIT_LIMIT = 2 ** 23 - 1;
    uint16 private constant FEE_LIMIT = 10_000;
    uint16 private constant INTERVAL_LIMIT = 1 days / 1 minutes;
    uint32 private constant CAP_LIMIT = 50_000_000;
    // Not zero, so that a position's snapshot, and with it a swept position's word, is not zero either.
    int256 private constant FIRST_INDEX = 1 << 32;

    /// @notice Where prices come from.
    IPriceSource public immutable SOURCE;

    /// @notice Where the market words lie.
    IMarketWords public immutable POSITIONS;

    /// @inheritdoc IFundingIndex
    uint16 public marketCount;

    mapping(MarketId => Course) private _courses;

    /// @param source Where prices come from.
    /// @param positions `PerpPositions`, where the market words lie.
    /// @param governor Who lists markets.
    constructor(IPriceSource source, IMarketWords positions, address governor) Ownable(governor) {
        if (address(source) == address(0) || address(positions) == address(0)) revert Market_AddressZero();
        SOURCE = source;
        POSITIONS = positions;
    }

    /// @inheritdoc IFundingIndex
    function listMarket(string calldata symbol, Listing calldata listing) external onlyOwner returns (MarketId market) {
        _checkListing(listing);
        market = MarketId.wrap(++marketCount);
        MarketWord word = MarketWords.listed(
            listing.unit,
            Index.wrap(FIRST_INDEX),
            listing.initialBps,
            listing.maintenanceBps,
            listing.takerFee,
            listing.makerFee
        );
        Course memory course;
        (course.interest, course.cap, course.damp) = (listing.interest, listing.cap, listing.damp);
        course.interval = listing.interval;
        course.periodStart = _periodStart(course);
        _courses[market] = course;
        POSITIONS.beginPeriod(market, word.withDue(_periodEnd(course)));
        emit MarketListed(market, symbol, listing);
    }

    /// @inheritdoc IFundingIndex
    function refresh(MarketId[] calldata markets) external {
        uint32 maxAge = POSITIONS.maxPriceAge();
        for (uint256 i; i < markets.length; ++i) {
            MarketId market = markets[i];
            MarketWord word = _accrued(market);
            (uint32 price, uint32 time) = SOURCE.latest(MarketId.unwrap(market));
            if (time <= _courses[market].markTime || price == 0) continue;
            _courses[market].markTime = time;
            POSITIONS.setMarket(market, word.withMark(price, _until(time, maxAge)));
            emit MarkUpdated(market, price, time);
        }
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
        Closed memory closed = _closed(course, word, POSITIONS.activityWord(market));
        course.periodStart = _periodStart(course);
        return word.withIndex(closed.index).withDue(_periodEnd(course));
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
                index: int80(Index.unwrap(word.index())),
                initialBps: uint16(word.initialBps()),
                maintenanceBps: uint16(word.maintenanceBps()),
                takerFee: uint16(word.takerFee()),
                makerFee: uint16(word.makerFee()),
                interval: uint32(course.interval) * 60,
                lastRate: course.lastRate,
                periodStart: course.periodStart,
                interest: course.interest,
                cap: course.cap,
                damp: course.damp
            });
    }

    /// @inheritdoc IFundingIndex
    function predictedRate(MarketId market) external view returns (int256 rate) {
        Course memory course = _courses[market];
        // A period that is due is over: the running one has no sample yet.
        if (_listed(market).isDue()) return _rate(course, 0);
        return _rate(course, FundingMath.weightedUntil(POSITIONS.activityWord(market), _periodEnd(course)));
    }

    /// @dev Accrues what is due and returns the market word after it.
    function _accrued(MarketId market) private returns (MarketWord word) {
        word = _listed(market);
        if (!word.isDue()) return word;
        Course memory course = _courses[market];
        Closed memory closed = _closed(course, word, POSITIONS.activityWord(market));
        uint32 ended = course.periodStart;
        course.lastRate = int32(closed.rate);
        course.periodStart = _periodStart(course);
        _courses[market] = course;
        word = word.withIndex(closed.index).withDue(_periodEnd(course));
        POSITIONS.beginPeriod(market, word);
        _announce(market, word, ended, closed);
    }

    function _announce(MarketId market, MarketWord word, uint32 start, Closed memory closed) private {
        if (closed.charged) {
            uint32 mark = uint32(Price.unwrap(word.mark()));
            emit FundingAccrued(market, start, int32(closed.rate), int80(Index.unwrap(word.index())), mark);
        } else {
            emit FundingSkipped(market, start);
        }
    }

    /// @dev The first ended period is charged if a mark was published during it. Periods after it cannot have had one,
    /// because a new mark accrues before it enters; so an outage is never charged, and there is nothing to loop over. An index
    /// that would not fit its word stays where it is: a market must not stop for good.
    function _closed(
        Course memory course,
        MarketWord word,
        ActivityWord activity
    ) private pure returns (Closed memory closed) {
        closed.index = word.index();
        if (course.markTime < course.periodStart) return closed;
        int256 rate = _rate(course, FundingMath.weightedUntil(activity, _periodEnd(course)));
        Index move = FundingMath.indexMove(rate, word.mark(), word.unit(), uint256(course.interval) * 60);
        int256 moved = Index.unwrap(closed.index) + Index.unwrap(move);
        if (moved != int80(moved)) return closed;
        return Closed(true, rate, Index.wrap(moved));
    }

    function _rate(Course memory course, int256 weighted) private pure returns (int256) {
        int256 cap = int256(uint256(course.cap));
        int256 damp = int256(uint256(course.damp));
        return FundingMath.rate(weighted, uint256(course.interval) * 60, course.interest, damp, cap);
    }

    function _periodStart(Course memory course) private view returns (uint32) {
        return uint32(block.timestamp - (block.timestamp % (uint256(course.interval) * 60)));
    }

    function _periodEnd(Course memory course) private pure returns (uint32) {
        return course.periodStart + uint32(course.interval) * 60;
    }

    /// @dev The last second that 32 bits hold, where the sum is beyond.
    function _until(uint32 time, uint32 age) private pure returns (uint32) {
        uint256 sum = uint256(time) + age;
        return sum > type(uint32).max ? type(uint32).max : uint32(sum);
    }

    function _listed(MarketId market) private view returns (MarketWord word) {
        word = POSITIONS.marketWord(market);
        if (word.unit() == 0) revert Market_NotListed(market);
    }

    function _checkListing(Listing calldata listing) private pure {
        if (listing.unit == 0 || listing.unit > UNIT_LIMIT) revert Market_UnitOutOfRange(listing.unit, UNIT_LIMIT);
        if (
            listing.maintenanceBps == 0 || listing.maintenanceBps >= listing.initialBps || listing.initialBps > 10_000
        ) {
            revert Market_MarginsInconsistent(listing.initialBps, listing.maintenanceBps);
        }
        if (listing.takerFee > FEE_LIMIT) revert Market_FeeTooHigh(listing.takerFee, FEE_LIMIT);
        if (listing.makerFee > FEE_LIMIT) revert Market_FeeTooHigh(listing.makerFee, FEE_LIMIT);
        if (listing.interval == 0 || listing.interval > INTERVAL_LIMIT) {
            revert Market_IntervalOutOfRange(listing.interval);
        }
        bool bounded = listing.cap <= CAP_LIMIT && listing.damp <= listing.cap;
        int256 cap = int256(uint256(listing.cap));
        if (!bounded || listing.interest > cap || listing.interest < -cap) {
            revert Market_TermsOutOfRange(listing.interest, listing.cap, listing.damp);
        }
    }
}
