// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TicketStatus} from "../types/Ticket.sol";

/// @title IWithdrawalQueue
/// @notice Who is paid next, when, and how much. It holds no tokens.
///
/// Tickets are numbered from 1 and are paid in that order, each not before its `readyAt`. Because `readyAt` never falls from
/// one ticket to the next, nobody who is ready waits for somebody who is not.
///
/// @dev Time is `block.timestamp` only: on a rollup a block number says little about how long somebody has waited.
/// Assumptions. Correctness: the vault pays a ticket that it pops, or sets it aside in the same transaction. Liveness: none;
/// anyone can have the vault release the head.
interface IWithdrawalQueue {
    /// @notice Thrown when somebody other than `PerpPositions` issues tickets.
    error Queue_CallerNotPositions(address caller, address positions);

    /// @notice Thrown when somebody other than the vault pays tickets.
    error Queue_CallerNotVault(address caller, address vault);

    /// @notice Thrown when the queue is deployed with a zero address.
    error Queue_AddressZero();

    /// @notice Thrown when a delay is outside its bounds.
    error Queue_DelayOutOfBounds(uint256 delay, uint256 min, uint256 max);

    /// @notice Thrown when a ticket is set aside that was not the last one popped.
    error Queue_TicketNotPopped(uint64 ticket, uint64 popped);

    /// @notice Thrown when a ticket is settled that is not set aside: it never was, or it has been paid since.
    error Queue_TicketNotAside(uint64 ticket, TicketStatus status);

    /// @notice Emitted when a ticket joins the line.
    /// @param ticket Number of the ticket.
    /// @param account The account that was debited.
    /// @param recipient Who will be paid.
    /// @param amount What will be paid, in quote units.
    /// @param readyAt The first second at which it may be paid.
    event TicketIssued(
        uint64 indexed ticket,
        uint32 indexed account,
        address indexed recipient,
        uint256 amount,
        uint32 readyAt
    );

    /// @notice Emitted when the head of the line is called up; its payment follows in the same transaction.
    /// @param ticket Number of the ticket.
    event TicketPopped(uint64 indexed ticket);

    /// @notice Emitted when the payment of a popped ticket failed.
    /// @param ticket Number of the ticket.
    event TicketSetAside(uint64 indexed ticket);

    /// @notice Emitted when a ticket that was set aside is called up again; its payment follows in the same transaction.
    /// @param ticket Number of the ticket.
    event AsideSettled(uint64 indexed ticket);

    /// @notice Emitted when the delay of tickets to come changes.
    /// @param delay The delay in seconds.
    event DelayChanged(uint32 delay);

    /// @notice Issues a ticket at the end of the line.
    ///
    /// Emits {TicketIssued}.
    ///
    /// Requirements:
    /// - the caller is `PerpPositions`.
    ///
    /// @param account The account that was debited.
    /// @param recipient Who will be paid.
    /// @param amount What will be paid, in quote units.
    /// @return ticket Number of the ticket.
    function push(uint32 account, address recipient, uint256 amount) external returns (uint64 ticket);

    /// @notice Takes the head off the line if it is ready, and does nothing otherwise.
    ///
    /// Emits {TicketPopped} if there is one.
    ///
    /// Requirements:
    /// - the caller is the vault.
    ///
    /// @return ticket Number of the ticket; 0 when nobody is ready.
    /// @return recipient Who is to be paid.
    /// @return amount What is to be paid, in quote units.
    function pop() external returns (uint64 ticket, address recipient, uint256 amount);

    /// @notice Marks the ticket that was popped last as not paid.
    ///
    /// Emits {TicketSetAside}.
    ///
    /// Requirements:
    /// - the caller is the vault;
    /// - `ticket` is the last one popped and is not aside already.
    ///
    /// @param ticket Number of the ticket.
    function setAside(uint64 ticket) external;

    /// @notice Marks a ticket that was set aside as paid.
    ///
    /// Emits {AsideSettled}.
    ///
    /// Requirements:
    /// - the caller is the vault;
    /// - `ticket` is aside.
    ///
    /// @param ticket Number of the ticket.
    /// @return recipient Who is to be paid.
    /// @return amount What is to be paid, in quote units.
    function settleAside(uint64 ticket) external returns (address recipient, uint256 amount);

    /// @notice Changes the delay of tickets to come. Tickets in line keep theirs, and no later ticket is ready before them.
    ///
    /// Emits {DelayChanged}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - the delay lies between `MIN_DELAY` and `MAX_DELAY`.
    ///
    /// @param delay The delay in seconds.
    function setDelay(uint32 delay) external;

    /// @notice Whether an account's owner has limited where its money may go, or how fast.
    /// @param account The account.
    function isGuarded(uint32 account) external view returns (bool);

    /// @notice The shortest delay, in seconds.
    function MIN_DELAY() external view returns (uint256);

    /// @notice The longest delay, in seconds: no governor can keep a ticket waiting for longer.
    function MAX_DELAY() external view returns (uint256);

    /// @notice The only contract that pays tickets.
    function VAULT() external view returns (address);

    /// @notice The only contract that issues tickets.
    function POSITIONS() external view returns (address);

    /// @notice The delay of a ticket that would be issued now, in seconds.
    function delay() external view returns (uint32);

    /// @notice Number of the ticket that is paid next; equal to `tail` when the line is empty.
    function head() external view returns (uint64);

    /// @notice Number that the next ticket will get.
    function tail() external view returns (uint64);

    /// @notice What is promised and not paid, in line and aside, in quote units.
    function owed() external view returns (uint256);

    /// @notice A ticket and where it stands.
    /// @param id Number of the ticket.
    /// @return account The account that was debited.
    /// @return recipient Who is paid.
    /// @return amount What is paid, in quote units.
    /// @return readyAt The first second at which it may be paid.
    /// @return status Where it stands; all else is zero when it is `Unknown`.
    function ticket(
        uint64 id
    ) external view returns (uint32 account, address recipient, uint256 amount, uint32 readyAt, TicketStatus status);

    /// @notice Who stands in line before a ticket.
    /// @param id Number of the ticket.
    /// @return tickets How many tickets are paid before it; 0 when it is not in line.
    /// @return amount How much is paid before it, in quote units; 0 when it is not in line.
    function aheadOf(uint64 id) external view returns (uint64 tickets, uint256 amount);
}
