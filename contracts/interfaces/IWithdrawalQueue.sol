// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TicketStatus} from "../types/Ticket.sol";
import {IAccountGuards} from "./IAccountGuards.sol";
import {IBadDebtGate} from "./IBadDebtGate.sol";
import {ICollateralVault} from "./ICollateralVault.sol";
import {IFundingIndex} from "./IFundingIndex.sol";
import {IInsuranceFund} from "./IInsuranceFund.sol";
import {IOutflowForecast} from "./IOutflowForecast.sol";
import {IPerpPositions} from "./IPerpPositions.sol";

/// @notice How much may leave.
struct OutflowTerms {
    // What may leave in a window whatever the vault holds, in quote units.
    uint72 floor;
    // What may leave beyond that, in basis points of what the vault has booked.
    uint16 shareBps;
    // Length of a window in seconds.
    uint24 window;
}

/// @notice The contracts that the queue works with; they may not exist yet.
struct QueueParts {
    // Who pays tickets.
    ICollateralVault vault;
    // Who issues them.
    IPerpPositions positions;
    // The funding index, asked by the gate.
    IFundingIndex index;
    // The insurance fund, asked by the gate.
    IInsuranceFund fund;
    // Who lifts bucket and gate of a frozen venue.
    address hatch;
}

/// @title IWithdrawalQueue
/// @notice Who is paid next, when, and how much. It holds no tokens.
///
/// Tickets are numbered from 1 and are paid in that order, each not before its `readyAt`, and all of them through a bucket that
/// fills continuously (see `Outflows`). When it does not hold enough for the head, the head is paid in part. Because `readyAt`
/// never falls from one ticket to the next, nobody who is ready waits for somebody who is not.
///
/// @dev Time is `block.timestamp` only: on a rollup a block number says little about how long somebody has waited.
/// Assumptions. Correctness: the vault pays what it pops, or sets it aside in the same transaction. Liveness: none; anyone can
/// have the vault release the head.
interface IWithdrawalQueue is IAccountGuards, IBadDebtGate, IOutflowForecast {
    /// @notice Thrown when somebody other than `PerpPositions` issues tickets.
    error Queue_CallerNotPositions(address caller, address positions);

    /// @notice Thrown when somebody other than the vault pays tickets.
    error Queue_CallerNotVault(address caller, address vault);

    /// @notice Thrown when somebody other than `EscapeHatch` lifts bucket and gate.
    error Queue_CallerNotHatch(address caller, address hatch);

    /// @notice Thrown when the queue is deployed with a zero address.
    error Queue_AddressZero();

    /// @notice Thrown when a ticket is to be issued, or the gate shut, in a frozen venue.
    error Queue_Closed();

    /// @notice Thrown when a delay is outside its bounds.
    error Queue_DelayOutOfBounds(uint256 delay, uint256 min, uint256 max);

    /// @notice Thrown when terms of the outflow are outside their bounds.
    error Queue_OutflowOutOfBounds(OutflowTerms terms);

    /// @notice Thrown when a ticket is set aside that was not the last one popped.
    error Queue_TicketNotPopped(uint64 ticket, uint64 popped);

    /// @notice Thrown when a ticket is settled that is not set aside: it never was, or it has been paid since.
    error Queue_TicketNotAside(uint64 ticket, TicketStatus status);

    /// @notice Thrown when a ticket that was set aside is claimed before the bucket would have paid it, or while the gate is shut.
    error Queue_TicketNotClaimable(uint64 ticket, uint256 claimableFrom);

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

    /// @notice Emitted when the head of the line, or a part of it, is called up; its payment follows in the same transaction.
    /// @param ticket Number of the ticket.
    /// @param amount What was called up, in quote units.
    event TicketPopped(uint64 indexed ticket, uint256 amount);

    /// @notice Emitted when the payment of a popped ticket failed.
    /// @param ticket Number of the ticket.
    /// @param amount What is left of it, in quote units.
    /// @param claimableAt The first second at which that can be claimed.
    event TicketSetAside(uint64 indexed ticket, uint256 amount, uint64 claimableAt);

    /// @notice Emitted when a ticket that was set aside is called up again; its payment follows in the same transaction.
    /// @param ticket Number of the ticket.
    event AsideSettled(uint64 indexed ticket);

    /// @notice Emitted when the delay of tickets to come changes.
    /// @param delay The delay in seconds.
    event DelayChanged(uint32 delay);

    /// @notice Emitted when the terms of the outflow change.
    /// @param terms The terms.
    event OutflowChanged(OutflowTerms terms);

    /// @notice Emitted when the venue is frozen: from now on there is neither a bucket nor a gate, and no new ticket.
    event Lifted();

    /// @notice Issues a ticket at the end of the line, or holds it when the account has an extra delay.
    ///
    /// Emits {TicketIssued} or {TicketHeld}.
    ///
    /// Requirements:
    /// - the caller is `PerpPositions`;
    /// - the venue is not frozen;
    /// - the account's guard, if it has one, lists the recipient.
    ///
    /// @param account The account that was debited.
    /// @param recipient Who will be paid.
    /// @param amount What will be paid, in quote units.
    /// @return ticket Number of the ticket; 0 when it is held.
    function push(uint32 account, address recipient, uint96 amount) external returns (uint64 ticket);

    /// @notice Takes the head off the line if it is ready and the bucket holds enough, a part of it if the bucket holds some, and
    /// does nothing otherwise.
    ///
    /// Emits {TicketPopped} if there is one.
    ///
    /// Requirements:
    /// - the caller is the vault.
    ///
    /// @param booked What the vault has booked, in quote units.
    /// @return ticket Number of the ticket; 0 when nobody can be paid.
    /// @return recipient Who is to be paid.
    /// @return amount What is to be paid, in quote units.
    function pop(uint256 booked) external returns (uint64 ticket, address recipient, uint256 amount);

    /// @notice Sets what was popped last aside, and with it the rest of its ticket: the line goes on without it.
    ///
    /// Emits {TicketSetAside}.
    ///
    /// Requirements:
    /// - the caller is the vault;
    /// - `ticket` is the last one popped and is not aside already.
    ///
    /// @param ticket Number of the ticket.
    /// @param amount What was popped, in quote units.
    /// @param booked What the vault has booked, in quote units.
    /// @return left What can be claimed, in quote units.
    function setAside(uint64 ticket, uint256 amount, uint256 booked) external returns (uint256 left);

    /// @notice Marks a ticket that was set aside as paid.
    ///
    /// Emits {AsideSettled}.
    ///
    /// Requirements:
    /// - the caller is the vault;
    /// - `ticket` is aside and can be claimed.
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

    /// @notice Changes how much may leave. The level stays; the terms count from the last payment on.
    ///
    /// Emits {OutflowChanged}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - floor, share and window are within their bounds.
    ///
    /// @param terms The terms.
    function setOutflow(OutflowTerms calldata terms) external;

    /// @notice Takes bucket and gate away and issues no more tickets. Delays and holds stay.
    ///
    /// Emits {Lifted}.
    ///
    /// Requirements:
    /// - the caller is `EscapeHatch`.
    function lift() external;

    /// @notice The shortest delay, in seconds.
    function MIN_DELAY() external view returns (uint256);

    /// @notice The longest delay, in seconds: no governor can keep a ticket waiting for longer. A timelock that is longer than
    /// the way out with this delay stays so, for all else on that way is fixed at deployment.
    function MAX_DELAY() external view returns (uint256);

    /// @notice The smallest floor of the outflow, in quote units.
    function MIN_FLOOR() external view returns (uint256);

    /// @notice The smallest share of the outflow, in basis points of what the vault has booked.
    function MIN_SHARE_BPS() external view returns (uint256);

    /// @notice The shortest window of the outflow, in seconds.
    function MIN_WINDOW() external view returns (uint256);

    /// @notice The longest window of the outflow, in seconds.
    function MAX_WINDOW() external view returns (uint256);

    /// @notice The only contract that pays tickets.
    function VAULT() external view returns (ICollateralVault);

    /// @notice The only contract that issues tickets.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice The funding index.
    function INDEX() external view returns (IFundingIndex);

    /// @notice The insurance fund.
    function FUND() external view returns (IInsuranceFund);

    /// @notice The contract that lifts bucket and gate of a frozen venue.
    function HATCH() external view returns (address);

    /// @notice The delay of a ticket that would be issued now, in seconds.
    function delay() external view returns (uint32);

    /// @notice Number of the ticket that is paid next; equal to `tail` when the line is empty.
    function head() external view returns (uint64);

    /// @notice Number that the next ticket will get.
    function tail() external view returns (uint64);

    /// @notice Whether the venue is frozen: there is neither a bucket nor a gate, and no new ticket.
    function isLifted() external view returns (bool);

    /// @notice What is promised and not paid, in line, aside and held, in quote units.
    function owed() external view returns (uint256);

    /// @notice The first second at which what is aside of a ticket can be claimed; 0 when nothing is, or the venue is frozen.
    /// @param id Number of the ticket.
    function claimableFrom(uint64 id) external view returns (uint256);

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
}
