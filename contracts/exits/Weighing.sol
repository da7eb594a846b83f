// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Quote, Size} from "../types/Quantities.sol";
import {Margin} from "../libraries/Margin.sol";
import {Words} from "../libraries/Words.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";

/// @notice What an account is worth and needs at the last marks, and whether it may have a trade.
abstract contract Weighing is IExitDesk {
    using Words for IMarketWords;

    /// @dev An account weighed at the marks, quote units.
    struct Standing {
        AccountId account;
        Quote equity;
        Quote initial;
        // What a withdrawal may take: equity less initial margin, leaving out the profit of open positions.
        Quote spare;
        // Markets with a position.
        uint256 open;
        // The mark that grows stale first, and its last good second.
        MarketId oldest;
        uint256 freshUntil;
    }

    /// @inheritdoc IExitDesk
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IExitDesk
    IFundingIndex public immutable INDEX;

    constructor(IPerpPositions positions, IFundingIndex index) {
        if (address(positions) == address(0) || address(index) == address(0)) revert Desk_AddressZero();
        (POSITIONS, INDEX) = (positions, index);
    }

    /// @dev Weighs an account, funding applied. The markets must name every open position, each once, ascending.
    function _weigh(AccountId account, MarketId[] memory markets) internal returns (Standing memory standing) {
        AccountWord word = _words().account(account);
        (standing.account, standing.freshUntil) = (account, type(uint256).max);
        standing.equity = standing.spare = word.collateral();
        standing.open = word.openMarkets();
        for (uint256 i; i < markets.length; ++i) {
            bool ascends = i == 0 || MarketId.unwrap(markets[i]) > MarketId.unwrap(markets[i - 1]);
            PositionWord position = _words().position(account, markets[i]);
            if (!ascends || !position.isOpen()) revert Desk_PositionsIncomplete(account, i, standing.open);
            _add(standing, markets[i], _prepared(markets[i]), position);
        }
        if (markets.length != standing.open) revert Desk_PositionsIncomplete(account, markets.length, standing.open);
    }

    /// @dev A market's word with the funding that is due.
    function _prepared(MarketId market) internal returns (MarketWord) {
        return _words().prepared(INDEX, market);
    }

    function _checkFresh(Standing memory standing) internal view {
        if (block.timestamp > standing.freshUntil) {
            revert Desk_PriceStale(standing.account, standing.oldest, standing.freshUntil);
        }
    }

    /// @dev The rules of a fill for one side: what only lowers the position must not leave its account bankrupt, anything else
    /// needs initial margin, a mark at which exposure may be raised, and room.
    /// @param standing The account before; it is moved on.
    /// @param before Its position in the market.
    /// @param traded Lots bought (positive) or sold.
    /// @param gain What it gains at the mark: value of the lots, less what it pays for them.
    function _trade(
        Standing memory standing,
        MarketId market,
        MarketWord word,
        PositionWord before,
        Size traded,
        Quote gain
    ) internal view {
        Size next = before.size() + traded;
        standing.equity = standing.equity + gain;
        standing.initial = standing.initial + Margin.initial(word, next) - Margin.initial(word, before.size());
        if (!_lowers(before.size(), next)) _checkRaise(standing, market, word, before.isOpen(), next);
        else if (standing.equity.isNegative()) revert Desk_Bankrupt(standing.account, Quote.unwrap(standing.equity));
    }

    /// @dev Whether a position comes closer to zero and not to its other side.
    function _lowers(Size before, Size next) internal pure returns (bool) {
        return next.abs() < before.abs() && (next.isZero() || !next.opposes(before));
    }

    function _words() internal view returns (IMarketWords) {
        return POSITIONS;
    }

    function _add(Standing memory standing, MarketId market, MarketWord word, PositionWord position) private pure {
        Size size = position.size();
        Quote value = Margin.positionValueDown(word, position);
        Quote initial = Margin.initial(word, size);
        standing.equity = standing.equity + value;
        standing.initial = standing.initial + initial;
        standing.spare = standing.spare + (size.isZero() ? value : value.minZero()) - initial;
        if (!size.isZero() && word.freshUntil() < standing.freshUntil) {
            (standing.oldest, standing.freshUntil) = (market, word.freshUntil());
        }
    }

    function _checkRaise(
        Standing memory standing,
        MarketId market,
        MarketWord word,
        bool wasOpen,
        Size next
    ) private view {
        AccountId account = standing.account;
        if (word.isHeld()) revert Desk_MarketHeld(market);
        _checkFresh(standing);
        uint256 cap = Margin.mostLots(word);
        if (next.abs() > cap) revert Desk_PositionTooLarge(account, market, next.abs(), cap);
        uint256 most = _words().tally().maxMarkets();
        if (!wasOpen && standing.open >= most) revert Desk_TooManyMarkets(account, standing.open, most);
        (Quote equity, Quote initial) = (standing.equity, standing.initial);
        if (equity < initial) revert Desk_BelowMargin(account, Quote.unwrap(equity), Quote.unwrap(initial));
    }
}
