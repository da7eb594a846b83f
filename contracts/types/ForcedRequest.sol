// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {AccountId, MarketId} from "./Ids.sol";
import {Size} from "./Quantities.sol";

/// @notice Where a forced request stands.
enum RequestStatus {
    /// No request has this number.
    Unknown,
    /// Waits to be served.
    Pending,
    /// Was executed, or the position shrank by what it asked for.
    Served,
    /// Was taken back by the owner of the account.
    Dropped
}

/// @notice What both kinds of forced request have in common; one word.
struct ForcedRequest {
    AccountId account;
    // Market of the position to close; 0 for a withdrawal.
    MarketId market;
    RequestStatus status;
    // When it was made.
    uint32 requestedAt;
    // The mark at that time, in ticks; 0 for a withdrawal.
    uint32 mark;
    // What was paid for it and nobody has yet, in wei.
    uint96 fee;
}

/// @notice What a forced withdrawal asks for; one word.
struct ForcedPayment {
    address recipient;
    // Quote units that are still asked for, at most.
    uint56 amount;
}

/// @notice What a forced close asks for, one word. Both numbers fall as the position shrinks.
struct ForcedClose {
    // Signed size from which the lots are to go.
    int64 held;
    // Lots still to close, without sign.
    uint64 left;
}

using ForcedRequests for ForcedRequest global;
using CloseProgress for ForcedClose global;

/// @notice When a forced request may be executed, and when it is overdue.
///
///     age = now - requested at
///     age < WINDOW                    the operator alone may execute it
///     WINDOW <= age < 2 · WINDOW      anybody may, and has the fee for it
///     2 · WINDOW <= age               overdue: the fee is the owner's again
///
/// A close counts as ignored when for a whole WINDOW anybody could have served it. While the guardian pauses its market nobody can:
///
///     ignored from = max(requested at + WINDOW, end of the market's last pause) + WINDOW
library ForcedRequests {
    /// @notice Whether it closes a position.
    function isClose(ForcedRequest memory self) internal pure returns (bool) {
        return MarketId.unwrap(self.market) != 0;
    }

    /// @notice First second at which anybody may execute it.
    function openFrom(ForcedRequest memory self, uint256 window) internal pure returns (uint256) {
        return self.requestedAt + window;
    }

    /// @notice First second at which a close that nobody served counts as ignored.
    /// @param pausedUntil First second after the last pause of its market; one before the request changes nothing.
    function ignoredFrom(
        ForcedRequest memory self,
        uint256 window,
        uint256 pausedUntil
    ) internal pure returns (uint256) {
        return Math.max(openFrom(self, window), pausedUntil) + window;
    }

    /// @notice Whether the time to serve it is over.
    function isOverdue(ForcedRequest memory self, uint256 window) internal view returns (bool) {
        return block.timestamp >= self.requestedAt + 2 * window;
    }
}

/// @notice How far a forced close has come.
///
///     kept = lots of the position on the side of `held`, at most |held|
///     gone = |held| - kept
///     left = max(0, left - gone),  held = kept on the same side
///
/// What has gone stays gone: a position that grows again asks for no lot twice.
library CloseProgress {
    /// @notice The same close, with what the position shrank by since it was looked at.
    /// @param size The position's size now.
    function progressed(ForcedClose memory self, Size size) internal pure returns (ForcedClose memory) {
        (uint256 held, uint256 kept) = (lotsHeld(self), size.opposes(Size.wrap(self.held)) ? 0 : size.abs());
        return kept < held ? reduced(self, held - kept) : self;
    }

    /// @notice The same close, some of its lots on.
    function reduced(ForcedClose memory self, uint256 lots) internal pure returns (ForcedClose memory) {
        unchecked {
            int256 held = self.held - Size.unwrap(signed(self, lots));
            return ForcedClose(int64(held), lots < self.left ? self.left - uint64(lots) : 0);
        }
    }

    /// @notice Lots from which it closes, without sign.
    function lotsHeld(ForcedClose memory self) internal pure returns (uint256) {
        return Size.wrap(self.held).abs();
    }

    /// @notice Some of its lots, signed like the position.
    function signed(ForcedClose memory self, uint256 lots) internal pure returns (Size) {
        return Size.wrap(self.held < 0 ? -int256(lots) : int256(lots));
    }
}
