// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where a ticket stands.
enum TicketStatus {
    /// No ticket has this number.
    Unknown,
    /// In line, and its delay has not passed.
    Waiting,
    /// In line, and its delay has passed: it is paid once everyone ahead of it is, as far as the bucket allows.
    Ready,
    /// The tokens have left the vault.
    Paid,
    /// A payment failed; what is left of it can be claimed and holds nobody up.
    Aside
}

/// @notice What keeps a ticket from being paid by the next release.
enum Obstacle {
    /// Nothing, or there is nothing to pay.
    None,
    /// Its own delay.
    Delay,
    /// The gate is shut because of a bad debt.
    Gate,
    /// Those ahead of it.
    Line,
    /// The bucket: those ahead would be paid now, it would not, or only in part.
    Bucket,
    /// A payment failed: it waits to be claimed.
    Aside,
    /// It is no ticket yet, but held for the extra delay of a guarded account.
    Held
}

/// @notice A promise of the vault to pay. Two words; what was paid of a ticket is told by the line, so paying writes no word of
/// the ticket.
struct Ticket {
    /// Who is paid.
    address recipient;
    /// The account that was debited.
    uint32 account;
    /// The first second at which it may be paid.
    uint32 readyAt;
    /// When it joined the line.
    uint32 issuedAt;
    /// What is paid, in quote units.
    uint128 amount;
    /// The sum of all tickets issued before it, in quote units.
    uint128 issuedBefore;
}

/// @notice What is left of a ticket whose payment failed.
struct Aside {
    /// What can be claimed, in quote units.
    uint128 amount;
    /// The first second at which it can.
    uint64 claimableAt;
}

/// @notice A request of a guarded account that is not in line yet.
struct Hold {
    /// Who is paid.
    address recipient;
    /// The account that was debited.
    uint32 account;
    /// The first second at which it may join the line.
    uint32 until;
    /// What is paid, in quote units.
    uint128 amount;
}
