// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, PositionKey, positionKey, slotKey} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Quote, Size} from "../types/Quantities.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {PositionStorage} from "./PositionStorage.sol";

/// @notice Positions that change hands outside of a batch. `Liquidations` and `ExitDesk` decide; here it is only written, so
/// that no lot and no quote unit is made or lost.
abstract contract Moves is PositionStorage {
    /// @inheritdoc IPerpPositions
    function move(
        AccountId from,
        AccountId to,
        MarketId market,
        Size size,
        Quote paid,
        uint256 penalty
    ) external returns (PositionWord held) {
        if (msg.sender != LIQUIDATIONS && msg.sender != DESK) revert Positions_CallerRefused(msg.sender);
        _checkNotFrozen();
        MarketWord word = _prepared(market);
        (int256 grown, ) = _change(from, market, word, -size, paid.less(penalty));
        int256 more;
        (more, held) = _change(to, market, word, size, -paid);
        grown += more;
        ActivityBox storage box = _activities[market];
        _checkFees(box.word, penalty);
        box.word = box.word.plus(grown / 2, penalty);
        emit PositionMoved(from, to, market, Size.unwrap(size), Quote.unwrap(paid), penalty);
    }

    /// @inheritdoc IPerpPositions
    function setFilled(AccountId account, Nonce nonce, uint256 filled) external {
        if (msg.sender != DESK) revert Positions_CallerRefused(msg.sender);
        SlotsBox storage box = _slots[slotKey(account, nonce.slot())];
        box.word = box.word.withFilled(nonce, filled);
    }

    /// @inheritdoc IPerpPositions
    function freeze() external {
        if (msg.sender != HATCH) revert Positions_CallerRefused(msg.sender);
        _tally = _tally.frozen();
    }

    /// @dev Adds lots and quote to a position, its funding applied; returns by how many lots it moved away from zero, and what
    /// it is then.
    function _change(
        AccountId account,
        MarketId market,
        MarketWord word,
        Size traded,
        Quote received
    ) private returns (int256 grown, PositionWord next) {
        PositionKey key = positionKey(account, market);
        PositionWord before = _positions[key];
        Size size = before.size() + traded;
        next = PositionWords.pack(size, before.quoteAfterFundingDown(word.index()) + received, word.index());
        _positions[key] = next;
        if (before.isOpen() != next.isOpen()) {
            AccountWord held = _accounts[account];
            _accounts[account] = held.withOpenMarkets(next.isOpen() ? held.openMarkets() + 1 : held.openMarkets() - 1);
        }
        grown = int256(size.abs()) - int256(before.size().abs());
    }
}
