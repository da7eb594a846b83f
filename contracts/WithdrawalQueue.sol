// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Outflow} from "./types/Outflow.sol";
import {Ticket, TicketStatus} from "./types/Ticket.sol";

import {IWithdrawalQueue, OutflowTerms, QueueParts} from "./interfaces/IWithdrawalQueue.sol";
import {Governed} from "./governance/Governed.sol";
import {Forecast} from "./queue/Forecast.sol";
import {Gate} from "./queue/Gate.sol";
import {Guards} from "./queue/Guards.sol";
import {QueueStorage} from "./queue/QueueStorage.sol";

/// @title WithdrawalQueue
/// @notice Who is paid next, when, and how much; see `IWithdrawalQueue`.
contract WithdrawalQueue is Guards, Forecast, Gate, Governed {
    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MIN_DELAY = 1 minutes;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MAX_DELAY = 2 days;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MIN_FLOOR = 10_000e6;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MIN_SHARE_BPS = 1_000;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MIN_WINDOW = 1 minutes;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MAX_WINDOW = 7 days;

    uint256 private constant BPS = 10_000;

    /// @param parts The contracts it works with; they may not exist yet.
    /// @param manager Says who may change delay and outflow.
    /// @param delay_ The first delay, in seconds.
    /// @param terms The first terms of the outflow; the bucket begins full.
    constructor(
        QueueParts memory parts,
        address manager,
        uint32 delay_,
        OutflowTerms memory terms
    ) QueueStorage(parts) Governed(manager) {
        _setDelay(delay_);
        _setOutflow(terms);
    }

    /// @inheritdoc IWithdrawalQueue
    function setDelay(uint32 delay_) external restricted {
        _setDelay(delay_);
    }

    /// @inheritdoc IWithdrawalQueue
    function setOutflow(OutflowTerms calldata terms) external restricted {
        _setOutflow(terms);
    }

    /// @inheritdoc IWithdrawalQueue
    function lift() external {
        require(msg.sender == HATCH, Queue_CallerNotHatch(msg.sender, HATCH));
        _back.closed = true;
        (_front.lifted, _front.gateEnd) = (true, 0);
        emit Lifted();
    }

    /// @inheritdoc IWithdrawalQueue
    function delay() external view returns (uint32) {
        return _back.delay;
    }

    /// @inheritdoc IWithdrawalQueue
    function head() external view returns (uint64) {
        return _front.head;
    }

    /// @inheritdoc IWithdrawalQueue
    function tail() external view returns (uint64) {
        return _back.tail;
    }

    /// @inheritdoc IWithdrawalQueue
    function isLifted() external view returns (bool) {
        return _front.lifted;
    }

    /// @inheritdoc IWithdrawalQueue
    function owed() external view returns (uint256) {
        return uint256(_back.issued) - _front.popped + _asideTotals.sum + _holdTotals.sum;
    }

    /// @inheritdoc IWithdrawalQueue
    function ticket(
        uint64 id
    ) external view returns (uint32 account, address recipient, uint256 amount, uint32 readyAt, TicketStatus status) {
        Ticket memory self = _tickets[id].unpack();
        return (self.account, self.recipient, self.amount, self.readyAt, _statusOf(id));
    }

    function _setDelay(uint32 delay_) private {
        require(delay_ >= MIN_DELAY && delay_ <= MAX_DELAY, Queue_DelayOutOfBounds(delay_, MIN_DELAY, MAX_DELAY));
        _back.delay = uint24(delay_);
        emit DelayChanged(delay_);
    }

    /// @dev The terms count from the last second that the bucket has accounted for.
    function _setOutflow(OutflowTerms memory terms) private {
        bool open = terms.floor >= MIN_FLOOR && terms.shareBps >= MIN_SHARE_BPS && terms.shareBps <= BPS;
        bool paced = terms.window >= MIN_WINDOW && terms.window <= MAX_WINDOW;
        require(open && paced, Queue_OutflowOutOfBounds(terms));
        Outflow memory self = _outflow;
        // The level stays: it is counted in another window.
        if (self.window != 0) self.credit = uint112((uint256(self.credit) * terms.window) / self.window);
        (self.floor, self.shareBps, self.window) = (terms.floor, terms.shareBps, terms.window);
        _outflow = self;
        emit OutflowChanged(terms);
    }
}
