// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where a ticket stands.
enum TicketStatus {
    /// No ticket has this number.
    Unknown,
    /// In line, and its delay has not passed.
    Waiting,
    /// In line, and its delay has passed: it is paid once everyone ahead of it is.
    Ready,
    /// The tokens have left the vault.
    Paid,
    /// Its payment failed; it can be claimed at any time and holds nobody up.
    Aside
}

/// @notice A promise of the vault to pay. Two words; a paid ticket is told by its number alone, so paying writes no word
/// of the ticket.
struct Ticket {
    /// Who is paid.
    address recipient;
    /// The account that was debited.
    uint32 account;
    /// The first second at which it may be paid.
    uint32 readyAt;
    /// Whether its payment failed and was not made good since.
    bool aside;
    /// What is paid, in quote units.
    uint128 amount;
    /// The sum of all tickets issued before it, in quote units.
    uint128 issuedBefore;
}
