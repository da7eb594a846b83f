// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Quote, Size} from "../types/Quantities.sol";
import {Margin} from "../libraries/Margin.sol";
import {Words} from "../libraries/Words.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {ILiquidations} from "../interfaces/ILiquidations.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {IPositionLens} from "../interfaces/IPositionLens.sol";
import {ISequencerWatch} from "../interfaces/ISequencerWatch.sol";

/// @notice What an account in trouble is worth and needs, and which of its lots are about to move.
abstract contract Judging is ILiquidations {
    using Words for IMarketWords;

    /// @dev An account weighed at the marks, the last ones where they are stale, quote units.
    struct Standing {
        AccountId account;
        int256 equity;
        // Initial margin of the positions whose mark is stale: in judging the account it is added to its equity.
        int256 staleMargin;
        // Of the other positions, less the above.
        int256 initial;
        // Of the other positions.
        int256 maintenance;
        // Σ |size| · lot value.
        uint256 notional;
        // Open markets.
        uint256 open;
    }

    /// @dev What was read of a market and of an account's position in it.
    struct Seen {
        MarketId market;
        MarketWord word;
        PositionWord position;
    }

    /// @dev A position, or a part of it, that is about to move.
    struct Piece {
        MarketId market;
        MarketWord word;
        Size held;
        // Signed like `held`.
        Size moved;
    }

    /// @inheritdoc ILiquidations
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc ILiquidations
    IFundingIndex public immutable INDEX;

    /// @inheritdoc ILiquidations
    IInsuranceFund public immutable FUND;

    /// @inheritdoc ILiquidations
    ISequencerWatch public immutable WATCH;

    /// @inheritdoc ILiquidations
    IPositionLens public immutable LENS;

    /// @param positions The contract whose positions are moved.
    /// @param index Its funding index.
    /// @param fund The insurance fund.
    /// @param watch Whether the chain was just down.
    /// @param lens How a counterparty is weighed, whose markets nobody names.
    constructor(
        IPerpPositions positions,
        IFundingIndex index,
        IInsuranceFund fund,
        ISequencerWatch watch,
        IPositionLens lens
    ) {
        bool named = address(positions) != address(0) && address(index) != address(0) && address(lens) != address(0);
        if (!named || address(fund) == address(0) || address(watch) == address(0)) revert Liquidation_AddressZero();
        (POSITIONS, INDEX, FUND, WATCH, LENS) = (positions, index, fund, watch, lens);
    }

    /// @dev Weighs an account, funding applied. The markets must name every open position, ascending.
    /// @param known Markets, and positions of this account, that are known from before; a word of zero is not.
    /// @param seen Is filled with what is seen now.
    /// @param exact Whether no others may be named; if not, they are passed over.
    function _weigh(
        AccountId account,
        MarketId[] memory markets,
        Seen[] memory known,
        Seen[] memory seen,
        bool exact
    ) internal returns (Standing memory standing) {
        AccountWord word = _words().account(account);
        standing.account = account;
        standing.equity = Quote.unwrap(word.collateral());
        uint256 open;
        for (uint256 i; i < markets.length; ++i) {
            bool ascends = i == 0 || MarketId.unwrap(markets[i]) > MarketId.unwrap(markets[i - 1]);
            seen[i] = _see(account, markets[i], known);
            bool isOpen = seen[i].position.isOpen();
            if (!ascends || (exact && !isOpen)) {
                revert Liquidation_PositionsIncomplete(account, open, word.openMarkets());
            }
            if (!isOpen) continue;
            ++open;
            _add(standing, seen[i]);
        }
        if (open != word.openMarkets()) revert Liquidation_PositionsIncomplete(account, open, word.openMarkets());
        standing.open = open;
    }

    function _add(Standing memory standing, Seen memory seen) private view {
        (MarketWord market, PositionWord position) = (seen.word, seen.position);
        int256 initial = Quote.unwrap(Margin.initial(market, position.size()));
        standing.equity += Quote.unwrap(Margin.positionValueDown(market, position));
        standing.notional += Margin.notional(market, position.size().abs());
        if (market.isFresh()) {
            standing.initial += initial;
            standing.maintenance += Quote.unwrap(Margin.maintenance(market, position.size()));
        } else {
            standing.initial -= initial;
            standing.staleMargin += initial;
        }
    }

    /// @dev The equity by which an account is judged: what a stale mark may hide counts in its favour.
    function _judged(Standing memory standing) internal pure returns (int256) {
        return standing.equity + standing.staleMargin;
    }

    /// @dev A market and a position in it; each word that is not known is read, by a call.
    function _see(AccountId account, MarketId market, Seen[] memory known) private returns (Seen memory seen) {
        seen.market = market;
        for (uint256 i; i < known.length; ++i) {
            if (known[i].market != market) continue;
            (seen.word, seen.position) = (known[i].word, known[i].position);
            break;
        }
        if (PositionWord.unwrap(seen.position) == 0) seen.position = _words().position(account, market);
        // Where nothing is open there may be no market.
        if (seen.position.isOpen() && MarketWord.unwrap(seen.word) == 0) seen.word = _prepared(market);
    }

    /// @dev A market's word with the funding that is due.
    function _prepared(MarketId market) internal returns (MarketWord) {
        return _words().prepared(INDEX, market);
    }

    /// @dev Each position that moves must have a fresh mark.
    function _checkMoving(AccountId account, Seen[] memory seen, uint256[] calldata lots) internal view {
        for (uint256 i; i < seen.length; ++i) if (lots[i] != 0) _checkHeld(account, seen[i]);
    }

    /// @dev A position with a size must have a fresh mark.
    function _checkHeld(AccountId account, Seen memory seen) internal view {
        if (!seen.position.size().isZero()) _checkFresh(account, seen.market, seen.word);
    }

    function _checkFresh(AccountId account, MarketId market, MarketWord word) internal view {
        if (!word.isFresh()) revert Liquidation_PriceStale(account, market, word.freshUntil());
    }

    /// @dev `lots` lots of a position.
    function _piece(AccountId account, MarketId market, uint256 lots) internal returns (Piece memory piece) {
        return _pieceOf(account, Seen(market, _prepared(market), _words().position(account, market)), lots);
    }

    function _pieceOf(AccountId account, Seen memory seen, uint256 lots) internal pure returns (Piece memory piece) {
        (MarketId market, Size size) = (seen.market, seen.position.size());
        (piece.market, piece.word, piece.held) = (market, seen.word, size);
        uint256 held = piece.held.abs();
        if (lots > held) revert Liquidation_LotsTooMany(account, market, lots, held);
        piece.moved = _signedLike(size, lots);
    }

    /// @dev Lots on the side of a position.
    function _signedLike(Size held, uint256 lots) internal pure returns (Size) {
        return Size.wrap(Size.unwrap(held) < 0 ? -int256(lots) : int256(lots));
    }

    function _sum(uint256[] memory values) internal pure returns (uint256 sum) {
        for (uint256 i; i < values.length; ++i) sum += values[i];
    }

    function _words() internal view returns (IMarketWords) {
        return POSITIONS;
    }
}
