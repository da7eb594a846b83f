// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/Ids.sol";
import {Obstacle} from "../types/Ticket.sol";

/// @notice What owners do to protect their accounts from whoever steals their key: money goes to listed destinations alone, a
/// request is held for an extra delay, or both. A guarded account gives nothing to other accounts.
///
/// A change waits for as long as the extra delay in force. Without one it holds at once: a list alone protects from mistakes,
/// not from a thief.
interface IAccountGuards {
    /// @notice Thrown when somebody other than an account's owner changes its guard.
    error Guard_CallerNotOwner(AccountId account, address caller, address owner);

    /// @notice Thrown when an extra delay is too long.
    error Guard_DelayTooLong(uint256 extraDelay, uint256 max);

    /// @notice Thrown when a list has too many destinations.
    error Guard_TooManyDestinations(uint256 count, uint256 max);

    /// @notice Thrown when a change was not announced, was withdrawn, or is another than what was announced.
    error Guard_NotAnnounced(AccountId account);

    /// @notice Thrown when a change has not waited for the extra delay in force.
    error Guard_NotApplicable(AccountId account, uint256 applicableAt);

    /// @notice Thrown when a guarded account would pay somebody who is not on its list.
    error Guard_DestinationRefused(uint32 account, address destination);

    /// @notice Thrown when no hold has this number, or it was admitted.
    error Hold_Unknown(uint64 hold);

    /// @notice Thrown when a hold is admitted before its extra delay is over.
    error Hold_NotOver(uint64 hold, uint256 until);

    /// @notice Emitted when an owner announces another guard.
    /// @param account The account.
    /// @param extraDelay Seconds that its requests will be held.
    /// @param destinations Where its money may go; anywhere when empty.
    /// @param applicableAt The first second at which the change may be applied.
    event GuardAnnounced(AccountId indexed account, uint32 extraDelay, address[] destinations, uint32 applicableAt);

    /// @notice Emitted when another guard comes into force.
    /// @param account The account.
    /// @param extraDelay Seconds that its requests are held.
    /// @param destinations Where its money may go; anywhere when empty.
    event GuardChanged(AccountId indexed account, uint32 extraDelay, address[] destinations);

    /// @notice Emitted when an owner takes an announcement back.
    /// @param account The account.
    event GuardChangeWithdrawn(AccountId indexed account);

    /// @notice Emitted when a request of an account with an extra delay is held. The account is debited.
    /// @param hold Number of the hold.
    /// @param account The account that was debited.
    /// @param recipient Who will be paid.
    /// @param amount What will be paid, in quote units.
    /// @param until The first second at which it may join the line.
    event TicketHeld(
        uint64 indexed hold,
        uint32 indexed account,
        address indexed recipient,
        uint256 amount,
        uint32 until
    );

    /// @notice Emitted when a hold joins the line. The account was debited before.
    /// @param hold Number of the hold.
    /// @param ticket Number of its ticket.
    /// @param recipient Who will be paid.
    /// @param amount What will be paid, in quote units.
    /// @param readyAt The first second at which it may be paid.
    event TicketAdmitted(
        uint64 indexed hold,
        uint64 indexed ticket,
        address indexed recipient,
        uint256 amount,
        uint32 readyAt
    );

    /// @notice Announces another guard for an account, or sets it at once when no extra delay is in force.
    ///
    /// Emits {GuardAnnounced}, and {GuardChanged} when it is set at once. An earlier announcement is replaced.
    ///
    /// Requirements:
    /// - the caller is the account's owner;
    /// - at most `MAX_EXTRA_DELAY` and `MAX_DESTINATIONS`.
    ///
    /// @param account The account.
    /// @param extraDelay Seconds that its requests will be held; 0 for none.
    /// @param destinations Where its money may go; anywhere when empty.
    function announceGuard(AccountId account, uint32 extraDelay, address[] calldata destinations) external;

    /// @notice Applies what was announced, once the extra delay in force has passed.
    ///
    /// Emits {GuardChanged}.
    ///
    /// Requirements:
    /// - the caller is the account's owner;
    /// - exactly this was announced, and its time has come.
    ///
    /// @param account The account.
    /// @param extraDelay As announced.
    /// @param destinations As announced.
    function applyGuard(AccountId account, uint32 extraDelay, address[] calldata destinations) external;

    /// @notice Takes an announcement back.
    ///
    /// Emits {GuardChangeWithdrawn}.
    ///
    /// Requirements:
    /// - the caller is the account's owner;
    /// - something is announced.
    ///
    /// @param account The account.
    function withdrawGuardChange(AccountId account) external;

    /// @notice Puts a hold in line once its extra delay is over. Anyone may call.
    ///
    /// Emits {TicketAdmitted}.
    ///
    /// @param hold Number of the hold.
    /// @return ticket Number of its ticket.
    function admit(uint64 hold) external returns (uint64 ticket);

    /// @notice Whether an account's owner has limited where its money may go, or how fast.
    /// @param account The account.
    function isGuarded(uint32 account) external view returns (bool);

    /// @notice Whether an account's money may go there.
    /// @param account The account.
    /// @param destination Who would be paid.
    function allows(uint32 account, address destination) external view returns (bool);

    /// @notice An account's guard.
    /// @param account The account.
    /// @return extraDelay Seconds that its requests are held.
    /// @return confined Whether its money goes to listed destinations alone.
    /// @return changeApplicableAt When what is announced may be applied; 0 when nothing is.
    function guardOf(
        AccountId account
    ) external view returns (uint32 extraDelay, bool confined, uint32 changeApplicableAt);

    /// @notice A hold; all zero when there is none of this number, or it was admitted.
    /// @param id Number of the hold, from 1.
    /// @return account The account that was debited.
    /// @return recipient Who is paid.
    /// @return amount What is paid, in quote units.
    /// @return until The first second at which it may join the line.
    function hold(uint64 id) external view returns (uint32 account, address recipient, uint256 amount, uint32 until);

    /// @notice `Held` for as long as a hold may not join the line, then `None`.
    /// @param id Number of the hold.
    function obstacleOfHold(uint64 id) external view returns (Obstacle);

    /// @notice The longest extra delay, in seconds.
    function MAX_EXTRA_DELAY() external view returns (uint32);

    /// @notice The most destinations on a list.
    function MAX_DESTINATIONS() external view returns (uint256);
}
