// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Ticket, TicketStatus} from "./types/Ticket.sol";

import {Governed} from "./governance/Governed.sol";

import {IWithdrawalQueue} from "./interfaces/IWithdrawalQueue.sol";

/// @title WithdrawalQueue
/// @notice Who is paid next, when, and how much. It holds no tokens.
contract WithdrawalQueue is IWithdrawalQueue, Governed {
    using SafeCast for uint256;

    /// @dev What `pop` moves; one word. `popped` is the sum of all tickets that left the line.
    struct Front {
        uint64 head;
        uint128 popped;
    }

    /// @dev What `push` moves; one word. `issued` is the sum of all tickets.
    struct Back {
        uint32 delay;
        uint32 readyAt;
        uint64 tail;
        uint128 issued;
    }

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MIN_DELAY = 1 minutes;

    /// @inheritdoc IWithdrawalQueue
    uint256 public constant MAX_DELAY = 7 days;

    /// @inheritdoc IWithdrawalQueue
    address public immutable VAULT;

    /// @inheritdoc IWithdrawalQueue
    address public immutable POSITIONS;

    Front private _front;
    Back private _back;
    uint256 private _aside;
    mapping(uint64 ticket => Ticket) private _tickets;

    modifier onlyVault() {
        require(msg.sender == VAULT, Queue_CallerNotVault(msg.sender, VAULT));
        _;
    }

    /// @param vault The only contract that pays tickets.
    /// @param positions The only contract that issues them.
    /// @param manager Says who may change the delay.
    /// @param delay_ The first delay, in seconds.
    constructor(address vault, address positions, address manager, uint32 delay_) Governed(manager) {
        require(vault != address(0) && positions != address(0), Queue_AddressZero());
        (VAULT, POSITIONS) = (vault, positions);
        (_front.head, _back.tail) = (1, 1);
        _setDelay(delay_);
    }

    /// @inheritdoc IWithdrawalQueue
    function push(uint32 account, address recipient, uint256 amount) external returns (uint64 id) {
        require(msg.sender == POSITIONS, Queue_CallerNotPositions(msg.sender, POSITIONS));
        Back memory back = _back;
        id = back.tail;
        // A shorter delay must not let a later ticket be ready before an earlier one: the line would wait for its head.
        uint32 readyAt = Math.max(block.timestamp + back.delay, back.readyAt).toUint32();

        _tickets[id] = Ticket(recipient, account, readyAt, false, amount.toUint128(), back.issued);
        _back = Back(back.delay, readyAt, id + 1, (back.issued + amount).toUint128());
        emit TicketIssued(id, account, recipient, amount, readyAt);
    }

    /// @inheritdoc IWithdrawalQueue
    function pop() external onlyVault returns (uint64 id, address recipient, uint256 amount) {
        Front memory front = _front;
        Ticket storage first = _tickets[front.head];
        // Beyond the end there is a ticket of nothing.
        if (first.amount == 0 || block.timestamp < first.readyAt) return (0, address(0), 0);

        (id, recipient, amount) = (front.head, first.recipient, first.amount);
        _front = Front(id + 1, front.popped + uint128(amount));
        emit TicketPopped(id);
    }

    /// @inheritdoc IWithdrawalQueue
    function setAside(uint64 id) external onlyVault {
        uint64 popped = _front.head - 1;
        Ticket storage last = _tickets[id];
        require(id != 0 && id == popped && !last.aside, Queue_TicketNotPopped(id, popped));

        last.aside = true;
        _aside += last.amount;
        emit TicketSetAside(id);
    }

    /// @inheritdoc IWithdrawalQueue
    function settleAside(uint64 id) external onlyVault returns (address recipient, uint256 amount) {
        Ticket storage self = _tickets[id];
        require(self.aside, Queue_TicketNotAside(id, _statusOf(id)));

        (recipient, amount) = (self.recipient, self.amount);
        self.aside = false;
        _aside -= amount;
        emit AsideSettled(id);
    }

    /// @inheritdoc IWithdrawalQueue
    function setDelay(uint32 delay_) external restricted {
        _setDelay(delay_);
    }

    /// @inheritdoc IWithdrawalQueue
    function isGuarded(uint32) external pure returns (bool) {
        return false;
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
    function owed() external view returns (uint256) {
        return uint256(_back.issued) - _front.popped + _aside;
    }

    /// @inheritdoc IWithdrawalQueue
    function ticket(
        uint64 id
    ) external view returns (uint32 account, address recipient, uint256 amount, uint32 readyAt, TicketStatus status) {
        Ticket storage self = _tickets[id];
        return (self.account, self.recipient, self.amount, self.readyAt, _statusOf(id));
    }

    /// @inheritdoc IWithdrawalQueue
    function aheadOf(uint64 id) external view returns (uint64 tickets, uint256 amount) {
        Front memory front = _front;
        if (id < front.head || id >= _back.tail) return (0, 0);
        return (id - front.head, _tickets[id].issuedBefore - front.popped);
    }

    function _setDelay(uint32 delay_) private {
        require(delay_ >= MIN_DELAY && delay_ <= MAX_DELAY, Queue_DelayOutOfBounds(delay_, MIN_DELAY, MAX_DELAY));
        _back.delay = delay_;
        emit DelayChanged(delay_);
    }

    /// @dev Paid is not written anywhere: it is to have left the line and not to be aside.
    function _statusOf(uint64 id) private view returns (TicketStatus) {
        if (id == 0 || id >= _back.tail) return TicketStatus.Unknown;
        Ticket storage self = _tickets[id];
        if (id < _front.head) return self.aside ? TicketStatus.Aside : TicketStatus.Paid;
        return block.timestamp < self.readyAt ? TicketStatus.Waiting : TicketStatus.Ready;
    }
}
