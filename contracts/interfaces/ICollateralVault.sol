// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IWithdrawalQueue} from "./IWithdrawalQueue.sol";

/// @title ICollateralVault
/// @notice The only holder of tokens. They enter from a payer and leave to the recipient of a ticket; there is no other door,
/// no approval, no sweep and nobody with a key.
///
/// @dev Assumptions about the token.
/// Correctness: `balanceOf` tells the truth, and a balance falls only by a transfer of its holder or by a rebase. A token that
/// takes a fee is refused at the door. A token that rebases down leaves less than is booked: nobody can deposit into the
/// hole, and tickets are paid in order while tokens last. A token that rebases up, or a donation, is credited to nobody.
/// Liveness: a token that can pause or block somebody delays only those payments.
interface ICollateralVault {
    /// @notice Thrown when somebody other than `PerpPositions` moves tokens in.
    error Vault_CallerNotPositions(address caller, address positions);

    /// @notice Thrown when somebody other than `EscapeHatch` pays out a frozen venue.
    error Vault_CallerNotHatch(address caller, address hatch);

    /// @notice Thrown when somebody other than the vault calls its inner payment.
    error Vault_CallerNotVault(address caller);

    /// @notice Thrown when the vault is deployed with a zero address.
    error Vault_AddressZero();

    /// @notice Thrown when nothing is to be taken or promised.
    error Vault_AmountZero();

    /// @notice Thrown when a deposit did not add exactly its amount, as with a token that takes a fee.
    error Vault_AmountNotReceived(uint256 amount, uint256 received);

    /// @notice Thrown when a deposit would fill a hole, as after a rebase down.
    error Vault_BalanceBelowBooked(uint256 balance, uint256 booked);

    /// @notice Thrown when the recipient is zero or the vault itself.
    error Vault_RecipientRefused(address recipient);

    /// @notice Thrown when somebody other than its recipient sends a ticket elsewhere.
    error Vault_CallerNotRecipient(uint64 ticket, address caller, address recipient);

    /// @notice Thrown when the payment of a claimed ticket fails again; the ticket stays aside.
    error Vault_PaymentFailed(address recipient, uint256 amount);

    /// @notice Emitted when tokens enter.
    /// @param payer Who paid.
    /// @param amount What was taken, in quote units.
    event CollateralTaken(address indexed payer, uint256 amount);

    /// @notice Emitted when a ticket, or a part of it, is paid.
    /// @param ticket Number of the ticket.
    /// @param recipient Who was paid.
    /// @param amount What was paid, in quote units.
    event TicketPaid(uint64 indexed ticket, address indexed recipient, uint256 amount);

    /// @notice Emitted when the payment of a ticket failed and the line went on without it.
    /// @param ticket Number of the ticket.
    /// @param recipient Who could not be paid.
    /// @param amount What is still owed, in quote units.
    event PaymentFailed(uint64 indexed ticket, address indexed recipient, uint256 amount);

    /// @notice Emitted when an account of a frozen venue is paid.
    /// @param recipient Who was paid.
    /// @param amount What was paid, in quote units.
    event SharePaid(address indexed recipient, uint256 amount);

    /// @notice Takes tokens from a payer who has approved the vault.
    ///
    /// Emits {CollateralTaken}.
    ///
    /// Requirements:
    /// - the caller is `PerpPositions`;
    /// - the amount is not zero;
    /// - the vault holds at least what is booked, and holds exactly `amount` more afterwards.
    ///
    /// @param payer Who pays.
    /// @param amount What is taken, in quote units.
    function take(address payer, uint256 amount) external;

    /// @notice Pays an account its share of a frozen venue.
    ///
    /// Emits {SharePaid}.
    ///
    /// Requirements:
    /// - the caller is `EscapeHatch`;
    /// - the recipient is neither zero nor the vault;
    /// - the payment succeeds.
    ///
    /// @param recipient Who is paid.
    /// @param amount What is paid, in quote units.
    function payShare(address recipient, uint256 amount) external;

    /// @notice Pays tickets from the head of the queue while they are ready and the queue's bucket lasts, the last one in part if
    /// need be. Anyone may call.
    ///
    /// A payment that fails is set aside with the rest of its ticket, to be claimed later, and does not stop those behind it.
    ///
    /// Emits {TicketPaid} or {PaymentFailed} for each.
    ///
    /// @param max The most tickets to call up.
    /// @return paid What was paid in all, in quote units.
    function release(uint256 max) external returns (uint256 paid);

    /// @notice Pays a ticket that was set aside to its recipient. Anyone may call.
    ///
    /// Emits {TicketPaid}.
    ///
    /// Requirements:
    /// - the ticket is aside and can be claimed;
    /// - the payment succeeds.
    ///
    /// @param ticket Number of the ticket.
    function claim(uint64 ticket) external;

    /// @notice Pays a ticket that was set aside to another address.
    ///
    /// Emits {TicketPaid}.
    ///
    /// Requirements:
    /// - the caller is the ticket's recipient;
    /// - the ticket is aside and can be claimed;
    /// - `to` is neither zero nor the vault;
    /// - the payment succeeds.
    ///
    /// @param ticket Number of the ticket.
    /// @param to Who is paid instead.
    function claimTo(uint64 ticket, address to) external;

    /// @notice The inner payment, callable by the vault alone: a call of its own, so that a failure undoes all of it and
    /// whatever the token does with its gas is bounded.
    ///
    /// Requirements:
    /// - the caller is the vault;
    /// - the transfer succeeds, and takes something and no more than `amount` from the vault.
    ///
    /// @param recipient Who is paid.
    /// @param amount What is paid, in quote units.
    function pay(address recipient, uint256 amount) external;

    /// @notice The most gas that one payment may burn.
    function PAYMENT_GAS() external view returns (uint256);

    /// @notice The collateral token.
    function TOKEN() external view returns (IERC20);

    /// @notice The contract that may take tokens.
    function POSITIONS() external view returns (address);

    /// @notice The contract that may pay out a frozen venue.
    function HATCH() external view returns (address);

    /// @notice The queue of promised payments.
    function QUEUE() external view returns (IWithdrawalQueue);

    /// @notice Tokens taken less tokens paid, in quote units.
    function booked() external view returns (uint256);
}
