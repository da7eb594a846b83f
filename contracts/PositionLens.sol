// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountWord} from "./types/AccountWord.sol";
import {ActivityWord} from "./types/ActivityWord.sol";
import {AccountId, MarketId} from "./types/Ids.sol";
import {MarketWord} from "./types/MarketWord.sol";
import {Nonce} from "./types/Nonce.sol";
import {PositionWord} from "./types/PositionWord.sol";
import {Price, Quote, Size} from "./types/Quantities.sol";
import {CANCELLED, Slot, SlotsWord} from "./types/SlotsWord.sol";
import {TallyWord} from "./types/TallyWord.sol";
import {Margin} from "./libraries/Margin.sol";
import {Words} from "./libraries/Words.sol";
import {IFundingIndex} from "./interfaces/IFundingIndex.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPerpPositions, Settings} from "./interfaces/IPerpPositions.sol";
import {AccountView, IPositionLens, NonceStatus, PositionView, ProgressView} from "./interfaces/IPositionLens.sol";

/// @title PositionLens
/// @notice What a person asks: equity, margin, free collateral, liquidation price, the state of an order; see `IPositionLens`.
contract PositionLens is IPositionLens {
    using Words for IMarketWords;

    /// @inheritdoc IPositionLens
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IPositionLens
    IFundingIndex public immutable INDEX;

    /// @param positions The contract to read.
    /// @param index Its funding index.
    constructor(IPerpPositions positions, IFundingIndex index) {
        if (address(positions) == address(0) || address(index) == address(0)) revert Lens_AddressZero();
        (POSITIONS, INDEX) = (positions, index);
    }

    /// @inheritdoc IPositionLens
    function progress() external view returns (ProgressView memory seen) {
        TallyWord counts = _words().tally();
        (seen.number, seen.settledAt) = (uint40(counts.number()), uint32(counts.settledAt()));
        for (uint16 id = INDEX.marketCount(); id != 0; --id) {
            seen.fees += _words().activity(MarketId.wrap(id)).fees();
        }
    }

    /// @inheritdoc IPositionLens
    function settings() external view returns (Settings memory) {
        (uint256 rules, TallyWord counts) = (_words().rules(), _words().tally());
        return
            Settings({
                operator: counts.operator(),
                openAfter: uint32(rules),
                maxPriceAge: uint32(rules >> 32),
                bandBps: uint16(counts.bandBps()),
                maxMarkets: uint8(counts.maxMarkets()),
                discountShare: uint8(rules >> 64),
                penaltyShare: uint8(rules >> 72)
            });
    }

    /// @inheritdoc IPositionLens
    function tallyWord() external view returns (uint256) {
        return TallyWord.unwrap(_words().tally());
    }

    /// @inheritdoc IPositionLens
    function rulesWord() external view returns (uint256) {
        return _words().rules();
    }

    /// @inheritdoc IPositionLens
    function marketWord(MarketId market) external view returns (uint256) {
        return MarketWord.unwrap(_words().market(market));
    }

    /// @inheritdoc IPositionLens
    function activityWord(MarketId market) external view returns (uint256) {
        return ActivityWord.unwrap(_words().activity(market));
    }

    /// @inheritdoc IPositionLens
    function accountWord(AccountId account) external view returns (uint256) {
        return AccountWord.unwrap(_account(account));
    }

    /// @inheritdoc IPositionLens
    function positionWord(AccountId account, MarketId market) external view returns (uint256) {
        return PositionWord.unwrap(_position(account, market));
    }

    /// @inheritdoc IPositionLens
    function slotsWord(AccountId account, uint8 slot) external view returns (uint256) {
        return SlotsWord.unwrap(_words().slots(account, slot));
    }

    /// @inheritdoc IPositionLens
    function epochFloor(AccountId account) public view returns (uint256) {
        return _words().epochFloor(account);
    }

    /// @inheritdoc IPositionLens
    function accountOf(AccountId account) external view returns (AccountView memory seen) {
        AccountWord word = _account(account);
        seen.owner = POSITIONS.ownerOf(account);
        seen.signer = word.signer();
        seen.nonce = uint32(word.nonce());
        seen.epochFloor = uint32(epochFloor(account));
        seen.openMarkets = uint8(word.openMarkets());
        seen.collateral = Quote.unwrap(word.collateral());
        (seen.equity, seen.withdrawable) = (seen.collateral, seen.collateral);
        MarketId[] memory markets = openMarketsOf(account);
        for (uint256 i; i < markets.length; ++i) {
            _addPosition(seen, _position(account, markets[i]), INDEX.peek(markets[i]));
        }
        seen.freeCollateral = seen.equity - seen.initialMargin;
        seen.withdrawable -= seen.initialMargin;
    }

    /// @inheritdoc IPositionLens
    function positionOf(AccountId account, MarketId market) external view returns (PositionView memory seen) {
        PositionWord position = _position(account, market);
        MarketWord word = INDEX.peek(market);
        Quote quote = position.quoteAfterFundingDown(word.index());
        seen.size = Size.unwrap(position.size());
        seen.quote = Quote.unwrap(quote);
        seen.funding = seen.quote - Quote.unwrap(position.quote());
        seen.value = Quote.unwrap(Margin.positionValueDown(word, position));
        seen.mark = uint32(Price.unwrap(word.mark()));
        seen.liquidationPrice = _liquidationPrice(account, market, position, word);
    }

    /// @inheritdoc IPositionLens
    function openMarketsOf(AccountId account) public view returns (MarketId[] memory markets) {
        markets = new MarketId[](_account(account).openMarkets());
        uint256 found;
        for (uint16 id = 1; found < markets.length; ++id) {
            MarketId market = MarketId.wrap(id);
            if (_position(account, market).isOpen()) markets[found++] = market;
        }
    }

    /// @inheritdoc IPositionLens
    function orderStatus(
        AccountId account,
        bool immediate,
        uint40 raw
    ) external view returns (NonceStatus status, uint256 filled) {
        Nonce nonce = Nonce.wrap(raw);
        AccountWord word = _account(account);
        if (immediate) return (raw > word.nonce() ? NonceStatus.Live : NonceStatus.Spent, 0);
        Slot slot = _words().slots(account, uint8(nonce.slot())).slotAt(nonce);
        if (slot.epoch() == nonce.epoch()) filled = slot.filled();
        bool floored = word.floored() && nonce.epoch() <= epochFloor(account);
        if (slot.epoch() > nonce.epoch() || floored) return (NonceStatus.Replaced, 0);
        if (filled == CANCELLED) return (NonceStatus.Cancelled, 0);
    }

    function _addPosition(AccountView memory seen, PositionWord position, MarketWord word) private pure {
        Size size = position.size();
        Quote value = Margin.positionValueDown(word, position);
        seen.equity += Quote.unwrap(value);
        seen.withdrawable += Quote.unwrap(size.isZero() ? value : value.minZero());
        seen.initialMargin += Quote.unwrap(Margin.initial(word, size));
        seen.maintenanceMargin += Quote.unwrap(Margin.maintenance(word, size));
    }

    /// @dev The tick nearest to the mark's safe side at which equity is below maintenance margin; 0 when there is none. What
    /// the position adds to (equity − margin) is monotone in the mark, so the tick is found by halving.
    function _liquidationPrice(
        AccountId account,
        MarketId market,
        PositionWord position,
        MarketWord word
    ) private view returns (uint32) {
        Size size = position.size();
        if (size.isZero()) return 0;
        int256 others = _excessWithout(account, market, position, word);
        bool long = Size.unwrap(size) > 0;
        (uint256 safe, uint256 unsafe_) = long ? (uint256(1) << 32, uint256(0)) : (uint256(0), uint256(1) << 32);
        while (safe > unsafe_ ? safe - unsafe_ > 1 : unsafe_ - safe > 1) {
            uint256 middle = (safe + unsafe_) / 2;
            MarketWord moved = word.withMark(uint32(middle), 0);
            if (others + _excess(size, Quote.wrap(0), moved) < 0) unsafe_ = middle;
            else safe = middle;
        }
        return unsafe_ >> 32 == 0 ? uint32(unsafe_) : 0;
    }

    /// @dev Equity less maintenance margin of the account, the size of one position left out.
    function _excessWithout(
        AccountId account,
        MarketId market,
        PositionWord position,
        MarketWord word
    ) private view returns (int256 excess) {
        excess = Quote.unwrap(_account(account).collateral() + position.quoteAfterFundingDown(word.index()));
        MarketId[] memory markets = openMarketsOf(account);
        for (uint256 i; i < markets.length; ++i) {
            if (markets[i] == market) continue;
            PositionWord other = _position(account, markets[i]);
            MarketWord otherWord = INDEX.peek(markets[i]);
            excess += _excess(other.size(), other.quoteAfterFundingDown(otherWord.index()), otherWord);
        }
    }

    /// @dev Value less maintenance margin of one position.
    function _excess(Size size, Quote quote, MarketWord word) private pure returns (int256) {
        return Quote.unwrap(quote + size.times(Margin.lotValue(word)) - Margin.maintenance(word, size));
    }

    function _account(AccountId account) private view returns (AccountWord) {
        return _words().account(account);
    }

    function _position(AccountId account, MarketId market) private view returns (PositionWord) {
        return _words().position(account, market);
    }

    function _words() private view returns (IMarketWords) {
        return POSITIONS;
    }
}
