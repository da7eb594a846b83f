// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {MarketId} from "./types/Ids.sol";
import {MarketWord, MarketWords} from "./types/MarketWord.sol";
import {Index, Price} from "./types/Quantities.sol";
import {SampleWord, SampleWords} from "./types/SampleWord.sol";
import {FundingMath} from "./libraries/FundingMath.sol";
import {IFundingIndex, Listing, MarketView} from "./interfaces/IFundingIndex.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";

/// @title FundingIndex
/// @notice Owns the market words and computes funding from settled fills; see `IFundingIndex`.
contract FundingIndex is IFundingIndex, Ownable2Step {
    struct Terms {
        int32 interest;
        uint32 cap;
        uint32 damp;
    }

    uint16 private constant FEE_LIMIT = 10_000;
    uint16 private constant INTERVAL_LIMIT = 1 days / 1 minutes;
    uint32 private constant CAP_LIMIT = 50_000_000;
    // Not zero, so that a position's snapshot, and with it a swept position's word, is not zero either.
    int256 private constant FIRST_INDEX = 1 << 32;

    /// @notice Where prices come from.
    IPriceSource public immutable SOURCE;

    /// @notice The only reporter of settled volume.
    address public immutable POSITIONS;

    /// @inheritdoc IFundingIndex
    uint16 public marketCount;

    mapping(MarketId => MarketWord) private _markets;
    mapping(MarketId => SampleWord) private _samples;
    mapping(MarketId => Terms) private _terms;

    /// @param source Where prices come from.
    /// @param positions `PerpPositions`, the only reporter of settled volume.
    /// @param governor Who lists markets.
    constructor(IPriceSource source, address positions, address governor) Ownable(governor) {
        if (address(source) == address(0) || positions == address(0)) revert Market_AddressZero();
        SOURCE = source;
        POSITIONS = positions;
    }

    /// @inheritdoc IFundingIndex
    function listMarket(string calldata symbol, Listing calldata listing) external onlyOwner returns (MarketId market) {
        _checkListing(listing);
        market = MarketId.wrap(++marketCount);
        _markets[market] = MarketWords.listed(
            listing.unit,
            Index.wrap(FIRST_INDEX),
            listing.initialBps,
            listing.maintenanceBps,
            listing.takerFee,
            listing.makerFee,
            listing.interval
        );
        _terms[market] = Terms(listing.interest, listing.cap, listing.damp);
        _samples[market] = SampleWords.pack(0, _periodStart(uint256(listing.interval) * 60), 0, 0, 0);
        emit MarketListed(market, symbol, listing);
    }

    /// @inheritdoc IFundingIndex
    function refresh(MarketId[] calldata markets) external {
        for (uint256 i; i < markets.length; ++i) {
            MarketId market = markets[i];
            MarketWord word = _accrued(market);
            (uint32 price, uint32 time) = SOURCE.latest(MarketId.unwrap(market));
            if (time <= word.time() || price == 0) continue;
            _markets[market] = word.withMark(price, time);
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
        SampleWord sample = _samples[market];
        if (_isDue(word, sample)) word = word.withIndex(_closed(market, word, sample).index);
    }

    /// @inheritdoc IFundingIndex
    function record(MarketId market, uint256 volume, uint256 value) external {
        if (msg.sender != POSITIONS) revert Market_CallerNotPositions(msg.sender, POSITIONS);
        SampleWord sample = _samples[market];
        int256 premium = FundingMath.premium(volume, value, _markets[market].mark());
        int256 weighted = FundingMath.weightedUntil(sample, block.timestamp);
        _samples[market] = SampleWords.pack(
            sample.lastRate(),
            sample.periodStart(),
            block.timestamp,
            premium,
            weighted
        );
    }

    /// @inheritdoc IFundingIndex
    function marketWord(MarketId market) external view returns (uint256) {
        return MarketWord.unwrap(_markets[market]);
    }

    /// @inheritdoc IFundingIndex
    function sampleWord(MarketId market) external view returns (uint256) {
        return SampleWord.unwrap(_samples[market]);
    }

    /// @inheritdoc IFundingIndex
    function marketOf(MarketId market) external view returns (MarketView memory) {
        MarketWord word = _listed(market);
        SampleWord sample = _samples[market];
        return
            MarketView({
                mark: uint32(Price.unwrap(word.mark())),
                time: uint32(word.time()),
                unit: uint32(word.unit()),
                index: int80(Index.unwrap(word.index())),
                initialBps: uint16(word.initialBps()),
                maintenanceBps: uint16(word.maintenanceBps()),
                takerFee: uint16(word.takerFee()),
                makerFee: uint16(word.makerFee()),
                interval: uint32(word.interval()),
                lastRate: int32(sample.lastRate()),
                periodStart: uint32(sample.periodStart())
            });
    }

    /// @inheritdoc IFundingIndex
    function predictedRate(MarketId market) external view returns (int256 rate) {
        MarketWord word = _listed(market);
        SampleWord sample = _samples[market];
        uint256 start = sample.periodStart();
        if (block.timestamp >= start + word.interval()) sample = SampleWords.pack(0, start, start, 0, 0);
        return _rate(market, word, FundingMath.weightedUntil(sample, sample.periodStart() + word.interval()));
    }

    /// @dev A period that ended since the last accrual: the outcome of closing it.
    struct Closed {
        bool charged;
        int256 rate;
        Index index;
    }

    /// @dev Accrues what is due and returns the market word after it.
    function _accrued(MarketId market) private returns (MarketWord word) {
        word = _listed(market);
        if (!_mayBeDue(word)) return word;
        SampleWord sample = _samples[market];
        if (!_isDue(word, sample)) return word;
        Closed memory closed = _closed(market, word, sample);
        word = word.withIndex(closed.index);
        _markets[market] = word;
        _samples[market] = SampleWords.pack(closed.rate, _periodStart(word.interval()), 0, 0, 0);
        _announce(market, word, uint32(sample.periodStart()), closed);
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
    /// because a new mark accrues before it enters; so an outage is never charged, and there is nothing to loop over.
    function _closed(MarketId market, MarketWord word, SampleWord sample) private view returns (Closed memory) {
        if (word.time() < sample.periodStart()) return Closed(false, 0, word.index());
        uint256 interval = word.interval();
        int256 rate = _rate(market, word, FundingMath.weightedUntil(sample, sample.periodStart() + interval));
        Index move = FundingMath.indexMove(rate, word.mark(), word.unit(), interval);
        return Closed(true, rate, Index.wrap(Index.unwrap(word.index()) + Index.unwrap(move)));
    }

    function _rate(MarketId market, MarketWord word, int256 weighted) private view returns (int256) {
        Terms memory terms = _terms[market];
        int256 cap = int256(uint256(terms.cap));
        return FundingMath.rate(weighted, word.interval(), terms.interest, int256(uint256(terms.damp)), cap);
    }

    /// @dev Whether a period boundary lies between the mark's publication and now. Every mark accrues what is due when it
    /// enters, so without such a boundary nothing can be due; this saves reading the samples of markets at rest.
    function _mayBeDue(MarketWord word) private view returns (bool) {
        uint256 interval = word.interval();
        return block.timestamp / interval != word.time() / interval;
    }

    function _isDue(MarketWord word, SampleWord sample) private view returns (bool) {
        return block.timestamp >= sample.periodStart() + word.interval();
    }

    function _periodStart(uint256 interval) private view returns (uint256) {
        return block.timestamp - (block.timestamp % interval);
    }

    function _listed(MarketId market) private view returns (MarketWord word) {
        word = _markets[market];
        if (word.unit() == 0) revert Market_NotListed(market);
    }

    function _checkListing(Listing calldata listing) private pure {
        if (listing.unit == 0) revert Market_UnitZero();
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
