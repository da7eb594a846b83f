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

/// @notice A promise of the vault to pay. What was paid of it is told by the line, so paying writes no word of the ticket.
struct Ticket {
    /// Who is paid.
    address recipient;
    /// The account that was debited.
    uint32 account;
    /// The first second at which it may be paid.
    uint32 readyAt;
    /// What is paid, in quote units.
    uint128 amount;
    /// The sum of all tickets issued before it, in quote units.
    uint128 issuedBefore;
}

/// @notice A ticket in two storage words: `ready at 32 · account 32 · recipient 160` and `issued before 128 · amount 128`.
struct PackedTicket {
    uint256 upper;
    uint256 lower;
}

using Tickets for PackedTicket global;

/// @notice Writes and reads a ticket.
/// @dev The compiler, left to itself, would write a word once for each field.
library Tickets {
    /// @notice Writes both words.
    function write(
        PackedTicket storage self,
        address recipient,
        uint32 account,
        uint32 readyAt,
        uint128 amount,
        uint128 issuedBefore
    ) internal {
        self.upper = (uint256(readyAt) << 192) | (uint256(account) << 160) | uint160(recipient);
        self.lower = (uint256(issuedBefore) << 128) | amount;
    }

    /// @notice Reads both words.
    function unpack(PackedTicket storage self) internal view returns (Ticket memory) {
        (uint256 upper, uint256 lower) = (self.upper, self.lower);
        address recipient = address(uint160(upper));
        return Ticket(recipient, uint32(upper >> 160), uint32(upper >> 192), uint128(lower), uint128(lower >> 128));
    }

    /// @notice When it is ready; reads one word.
    function readyAtOf(PackedTicket storage self) internal view returns (uint256) {
        return uint32(self.upper >> 192);
    }
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
