// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {AccountId, MarketId} from "./types/Ids.sol";
import {PositionWord} from "./types/PositionWord.sol";
import {Quote, Size} from "./types/Quantities.sol";
import {LiquidationRules, Shares} from "./libraries/LiquidationRules.sol";
import {Margin} from "./libraries/Margin.sol";
import {Words} from "./libraries/Words.sol";
import {IFundingIndex} from "./interfaces/IFundingIndex.sol";
import {IInsuranceFund} from "./interfaces/IInsuranceFund.sol";
import {ILiquidations} from "./interfaces/ILiquidations.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";
import {IPositionLens} from "./interfaces/IPositionLens.sol";
import {ISequencerWatch} from "./interfaces/ISequencerWatch.sol";
import {Judging} from "./liquidations/Judging.sol";

/// @title Liquidations
/// @notice Takeover and deleveraging of accounts below their maintenance margin; see `ILiquidations`.
contract Liquidations is Judging {
    using Words for IMarketWords;

    /// @inheritdoc ILiquidations
    uint256 public constant SHARE = 10;

    AccountId private constant VENUE = AccountId.wrap(0);

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
    ) Judging(positions, index, fund, watch, lens) {}

    modifier whenCalm() {
        if (!WATCH.isCalm()) revert Liquidation_GracePeriod();
        _;
    }

    /// @inheritdoc ILiquidations
    function takeOver(
        AccountId account,
        AccountId by,
        MarketId[] calldata markets,
        uint256[] calldata lots,
        MarketId[] calldata byMarkets
    ) external whenCalm {
        _checkPair(account, by);
        if (markets.length != lots.length) revert Liquidation_LengthsDiffer(markets.length, lots.length);
        Seen[] memory seen = new Seen[](markets.length);
        Standing memory standing = _weigh(account, markets, new Seen[](0), seen, true);
        if (standing.staleMargin != 0) _checkMoving(account, seen, lots);
        (int256 equity, int256 maintenance) = (_judged(standing), standing.maintenance);
        if (equity >= maintenance) revert Liquidation_AccountSound(account, equity, maintenance);
        uint256[] memory notionals = _takeAll(standing, by, seen, lots);
        uint256 shortfall = _coverAll(standing, markets, notionals);
        _checkTaker(by, byMarkets, seen);
        emit TakenOver(account, by, equity, maintenance, shortfall);
    }

    /// @inheritdoc ILiquidations
    function deleverage(
        AccountId account,
        MarketId market,
        MarketId[] calldata markets,
        AccountId[] calldata counterparties,
        uint256[] calldata lots
    ) external whenCalm {
        if (counterparties.length != lots.length) revert Liquidation_LengthsDiffer(counterparties.length, lots.length);
        Seen[] memory seen = new Seen[](markets.length);
        Standing memory standing = _weigh(account, markets, new Seen[](0), seen, true);
        Piece memory piece = _piece(account, market, _sum(lots));
        _checkFresh(account, market, piece.word);
        if (account == VENUE) _isolate(standing, piece);
        if (_judged(standing) >= 0) revert Deleverage_NotBankrupt(account, market, _judged(standing));
        uint256 shortfall = _shareUp(standing, piece);
        uint256 covered = account == VENUE ? 0 : _cover(standing, seen, piece, shortfall);
        _closeAll(account, piece, counterparties, lots, shortfall - covered);
        emit Deleveraged(account, market, piece.moved.abs(), covered, shortfall - covered);
    }

    // Takeover.

    function _checkPair(AccountId account, AccountId by) private view {
        if (account == by || account == VENUE) revert Liquidation_PairRefused(account, by);
        bool allowed = by == VENUE || msg.sender == POSITIONS.ownerOf(by);
        if (!allowed && msg.sender != _words().account(by).signer()) revert Liquidation_CallerNotTaker(by, msg.sender);
    }

    /// @dev Takes over piece by piece, each as far as it is needed; returns the notional of each.
    /// @param seen The positions of the account, and afterwards those that the taker has in its place.
    function _takeAll(
        Standing memory standing,
        AccountId by,
        Seen[] memory seen,
        uint256[] calldata lots
    ) private returns (uint256[] memory notionals) {
        uint256 rules = _words().rules();
        Shares memory shares = Shares(uint8(rules >> 64), uint8(rules >> 72));
        notionals = new uint256[](seen.length);
        for (uint256 i; i < seen.length; ++i) {
            if (lots[i] == 0) seen[i].position = PositionWord.wrap(0);
            else notionals[i] = _take(standing, by, seen[i], _pieceOf(standing.account, seen[i], lots[i]), shares);
        }
    }

    function _take(
        Standing memory standing,
        AccountId by,
        Seen memory seen,
        Piece memory piece,
        Shares memory shares
    ) private returns (uint256) {
        if (standing.equity >= standing.initial) {
            // What was taken before suffices.
            seen.position = PositionWord.wrap(0);
            return 0;
        }
        (uint256 discount, uint256 penalty) = _fit(standing, piece, shares);
        Quote paid = piece.moved.times(Margin.lotValue(piece.word)).less(discount);
        seen.position = POSITIONS.move(standing.account, by, piece.market, piece.moved, paid, penalty);
        _checkSize(by, piece, seen.position.size().abs());
        return Margin.notional(piece.word, piece.moved.abs());
    }

    /// @dev Lowers a piece to the lots that are needed, so that no deposit in front of a takeover does more than it adds; takes
    /// what they cost out of what the account has.
    function _fit(
        Standing memory standing,
        Piece memory piece,
        Shares memory shares
    ) private pure returns (uint256 discount, uint256 penalty) {
        int256 before = standing.equity - standing.initial;
        while (true) {
            uint256 lots = piece.moved.abs();
            uint256 notional = Margin.notional(piece.word, lots);
            (discount, penalty) = LiquidationRules.costs(piece.word, notional, standing.equity, shares);
            int256 equity = standing.equity - int256(discount + penalty);
            Quote rise = Margin.initialRise(piece.word, piece.held, piece.held - piece.moved);
            int256 initial = standing.initial + Quote.unwrap(rise);
            if (LiquidationRules.isNeeded(lots, Quote.wrap(before), Quote.wrap(equity - initial))) {
                (standing.equity, standing.initial) = (equity, initial);
                return (discount, penalty);
            }
            lots = LiquidationRules.fewerUp(lots, Quote.wrap(before), Quote.wrap(equity - initial));
            piece.moved = _signedLike(piece.held, lots);
        }
    }

    /// @dev Has the fund pay what a bankrupt account lacks, counted to its markets by notional.
    function _coverAll(
        Standing memory standing,
        MarketId[] calldata markets,
        uint256[] memory notionals
    ) private returns (uint256 shortfall) {
        if (_judged(standing) >= 0) return 0;
        _checkFlat(standing.account, markets);
        shortfall = uint256(-standing.equity);
        _split(shortfall, notionals);
        FUND.cover(standing.account, markets, notionals);
    }

    /// @dev Counts a shortfall to markets by notional, to the unit: each notional becomes its part.
    function _split(uint256 shortfall, uint256[] memory notionals) private pure {
        uint256 sum = _sum(notionals);
        for (uint256 i; i < notionals.length; ++i) {
            uint256 part = sum == notionals[i] ? shortfall : (shortfall * notionals[i]) / sum;
            sum -= notionals[i];
            shortfall -= part;
            notionals[i] = part;
        }
    }

    function _checkFlat(AccountId account, MarketId[] calldata markets) private view {
        for (uint256 i; i < markets.length; ++i) {
            uint256 lots = _words().position(account, markets[i]).size().abs();
            if (lots != 0) revert Liquidation_BankruptKeepsPosition(account, markets[i], lots);
        }
    }

    function _checkSize(AccountId by, Piece memory piece, uint256 lots) private pure {
        uint256 cap = Margin.mostLots(piece.word);
        if (lots > cap) revert Liquidation_TakerTooLarge(by, piece.market, lots, cap);
    }

    /// @dev What takes over must be sound by fresh marks alone.
    /// @param known What the moves left it.
    function _checkTaker(AccountId by, MarketId[] memory markets, Seen[] memory known) private {
        Seen[] memory seen = new Seen[](markets.length);
        Standing memory taker = _weigh(by, markets, known, seen, false);
        for (uint256 i; taker.staleMargin != 0 && i < seen.length; ++i) _checkHeld(by, seen[i]);
        if (taker.equity < taker.initial) {
            revert Liquidation_TakerBelowMargin(by, taker.equity, taker.initial);
        }
        uint256 most = _words().tally().maxMarkets();
        if (taker.open > most) revert Liquidation_TakerTooManyMarkets(by, taker.open, most);
    }

    // Deleveraging.

    /// @dev The fund's position in one market alone, with what the loss cap leaves for equity. Within the cap the fund is an
    /// account like any other, and bankrupt when all its positions together have lost more than it has.
    function _isolate(Standing memory standing, Piece memory piece) private view {
        int256 left = FUND.lossLeft(piece.market);
        if (left >= 0) return;
        (standing.equity, standing.staleMargin) = (left, 0);
        standing.notional = Margin.notional(piece.word, piece.held.abs());
    }

    /// @dev The piece's share, by notional, of what a bankrupt account lacks.
    function _shareUp(Standing memory standing, Piece memory piece) private pure returns (uint256) {
        uint256 notional = Margin.notional(piece.word, piece.moved.abs());
        if (notional == 0) return 0;
        return Math.ceilDiv(uint256(-_judged(standing)) * notional, standing.notional);
    }

    /// @dev Has the fund pay what it can of a shortfall. If it can take the whole account over, it must do that instead.
    function _cover(
        Standing memory standing,
        Seen[] memory seen,
        Piece memory piece,
        uint256 shortfall
    ) private returns (uint256 covered) {
        int256 spare = FUND.spare();
        if (_canCarry(standing, seen, spare)) {
            revert Deleverage_FundCanCarry(standing.account, piece.market, uint256(-standing.equity));
        }
        int256 capacity = SignedMath.min(spare, FUND.lossLeft(piece.market));
        covered = capacity > 0 ? Math.min(shortfall, uint256(capacity)) : 0;
        if (covered == 0) return 0;
        MarketId[] memory markets = new MarketId[](1);
        uint256[] memory amounts = new uint256[](1);
        (markets[0], amounts[0]) = (piece.market, covered);
        FUND.cover(standing.account, markets, amounts);
    }

    /// @dev Whether the fund could take a bankrupt account over now: whole, in all its markets, and pay what it lacks. With a
    /// stale mark neither goes: such a position does not move.
    function _canCarry(Standing memory standing, Seen[] memory seen, int256 spare) private returns (bool) {
        if (standing.staleMargin != 0) return false;
        int256 left = spare + standing.equity;
        if (left < 0 || !_isWithinCaps(standing, seen)) return false;
        MarketId[] memory markets = FUND.openMarkets();
        uint256 open = markets.length;
        if (_weigh(VENUE, markets, new Seen[](0), new Seen[](open), true).staleMargin != 0) return false;
        for (uint256 i; i < seen.length; ++i) {
            Size size = seen[i].position.size();
            if (size.isZero()) continue;
            PositionWord held = _words().position(VENUE, seen[i].market);
            Size sum = held.size() + size;
            if (sum.abs() > Margin.mostLots(seen[i].word)) return false;
            if (!held.isOpen()) ++open;
            left -= Quote.unwrap(Margin.initialRise(seen[i].word, held.size(), sum));
        }
        return left >= 0 && open <= _words().tally().maxMarkets();
    }

    /// @dev Whether the loss cap of every market leaves room for its part of what a bankrupt account lacks.
    function _isWithinCaps(Standing memory standing, Seen[] memory seen) private view returns (bool) {
        uint256[] memory parts = new uint256[](seen.length);
        for (uint256 i; i < seen.length; ++i) {
            parts[i] = Margin.notional(seen[i].word, seen[i].position.size().abs());
        }
        _split(uint256(-standing.equity), parts);
        for (uint256 i; i < seen.length; ++i) {
            if (parts[i] != 0 && FUND.lossLeft(seen[i].market) < int256(parts[i])) return false;
        }
        return true;
    }

    /// @dev Closes the piece against each counterparty in turn; `borne` is what they give up together, in proportion to lots.
    function _closeAll(
        AccountId account,
        Piece memory piece,
        AccountId[] calldata counterparties,
        uint256[] calldata lots,
        uint256 borne
    ) private {
        uint256 open = _words().activity(piece.market).openInterest();
        uint256 done;
        for (uint256 i; i < lots.length; ++i) {
            if (i != 0 && AccountId.unwrap(counterparties[i]) <= AccountId.unwrap(counterparties[i - 1])) {
                revert Deleverage_CounterpartiesNotAscending(i);
            }
            uint256 before = _partUp(piece, borne, done);
            done += lots[i];
            _closeOne(account, counterparties[i], piece, lots[i], _partUp(piece, borne, done) - before, open);
        }
    }

    /// @dev What the first lots of a piece give up of `borne`. No lots at all are refused with the first counterparty.
    function _partUp(Piece memory piece, uint256 borne, uint256 lots) private pure returns (uint256) {
        return Math.ceilDiv(borne * lots, Math.max(piece.moved.abs(), 1));
    }

    function _closeOne(
        AccountId account,
        AccountId counterparty,
        Piece memory piece,
        uint256 lots,
        uint256 part,
        uint256 open
    ) private {
        PositionWord position = _words().position(counterparty, piece.market);
        _checkOpposite(piece, counterparty, position, lots, part);
        _checkShare(piece, counterparty, position.size(), lots, open);
        _checkSolvent(piece, counterparty, part);
        _close(account, counterparty, piece, lots, part);
    }

    /// @dev On the other side, large enough, and in profit even at the price that it gets for these lots.
    function _checkOpposite(
        Piece memory piece,
        AccountId counterparty,
        PositionWord position,
        uint256 lots,
        uint256 part
    ) private pure {
        Size size = position.size();
        if (lots == 0 || lots > size.abs() || Size.unwrap(size) < 0 == Size.unwrap(piece.held) < 0) {
            revert Deleverage_NotOpposite(counterparty, piece.market, Size.unwrap(size), lots);
        }
        int256 value = Quote.unwrap(Margin.positionValueDown(piece.word, position));
        if (value <= 0 || part * size.abs() > uint256(value) * lots) {
            revert Deleverage_NotInProfit(counterparty, piece.market, value, part);
        }
    }

    /// @dev At most `SHARE` times the part of the opposite side that the whole bankrupt position is.
    function _checkShare(
        Piece memory piece,
        AccountId counterparty,
        Size size,
        uint256 lots,
        uint256 open
    ) private pure {
        uint256 most = Math.ceilDiv(SHARE * size.abs() * piece.held.abs(), open);
        if (lots > most) revert Deleverage_ShareExceeded(counterparty, piece.market, lots, most);
    }

    /// @dev What it gives up must not leave it bankrupt: the debt would only have found another holder, or none.
    function _checkSolvent(Piece memory piece, AccountId counterparty, uint256 part) private view {
        int256 equity = LENS.accountOf(counterparty).equity;
        if (equity < int256(part)) revert Deleverage_EquityTooSmall(counterparty, piece.market, equity, part);
    }

    function _close(AccountId account, AccountId to, Piece memory piece, uint256 lots, uint256 part) private {
        Size size = _signedLike(piece.held, lots);
        Quote value = size.times(Margin.lotValue(piece.word));
        POSITIONS.move(account, to, piece.market, size, Quote.wrap(Quote.unwrap(value) + int256(part)), 0);
    }
}
