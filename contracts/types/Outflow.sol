// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice How much may leave, and how much of that is left; one word.
struct Outflow {
    /// What may leave in a window whatever the vault holds, in quote units.
    uint72 floor;
    /// What may leave beyond that, in basis points of what the vault has booked.
    uint16 shareBps;
    /// Length of a window in seconds.
    uint24 window;
    /// What was left at `at`, in quote units times seconds of the window: so nothing is lost to rounding.
    uint112 credit;
    /// The second as of which the credit stands.
    uint32 at;
}

using Outflows for Outflow global;

/// @notice The bucket through which money leaves.
///
///   C(booked)  = min(floor + ⌊booked · share / 10^4⌋, 2^88 − 1)          what flows in per window, and the most that it holds
///   credit(t)  = min(credit + max(0, t − at) · C, C · window)           while nobody is waiting
///   served(n)  = t + ⌈max(0, n · window − credit(t)) / C⌉               the second at which n units have flown in
///
/// Time is virtual: a ticket that is ready takes the units that flow in from then on, also if nobody releases it until later. So
/// the bucket is never full while somebody waits, and it does not matter when and how often anyone releases.
library Outflows {
    /// @notice A payment in part is worth at least this much and leaves at least this much, in quote units: nobody can have
    /// others paid in crumbs.
    uint256 internal constant LEAST_PART = 1_000e6;

    uint256 private constant BPS = 10_000;
    uint256 private constant MOST = type(uint88).max;

    /// @notice What flows in per window, and the most that the bucket holds, in quote units.
    /// @param booked What the vault has booked.
    function capacity(Outflow memory self, uint256 booked) internal pure returns (uint256) {
        unchecked {
            uint256 share = (Math.min(booked, MOST) * self.shareBps) / BPS;
            return Math.min(self.floor + share, MOST);
        }
    }

    /// @notice The second at which `amount` has flown in for somebody who waits from `since` on.
    function servedAt(
        Outflow memory self,
        uint256 capacity_,
        uint256 since,
        uint256 amount
    ) internal pure returns (uint256) {
        (uint256 credit, uint256 at) = filled(self, capacity_, since);
        return at + Math.ceilDiv(Math.saturatingSub(amount * self.window, credit), capacity_);
    }

    /// @notice Draws what is left of a ticket, or as much of it as has flown in by now.
    /// @param since From when on the ticket waits; not in the future.
    /// @param rest What is left of it.
    /// @return part What may be paid; zero when that would be a crumb, and then nothing is drawn.
    function draw(
        Outflow memory self,
        uint256 capacity_,
        uint256 since,
        uint256 rest
    ) internal view returns (uint256 part) {
        (uint256 credit, uint256 at) = filled(self, capacity_, since);
        uint256 need = rest * self.window;
        uint256 end = at + Math.ceilDiv(Math.saturatingSub(need, credit), capacity_);
        if (end > block.timestamp) (end, need) = (block.timestamp, 0);
        credit += (end - at) * capacity_;
        part = need == 0 ? partOf(rest, credit / self.window) : rest;
        if (part == 0) return 0;
        (self.credit, self.at) = (uint112(credit - part * self.window), uint32(end));
    }

    /// @notice The credit, and its second, when nobody waits before `since`.
    function filled(
        Outflow memory self,
        uint256 capacity_,
        uint256 since
    ) internal pure returns (uint256 credit, uint256 at) {
        at = Math.max(self.at, since);
        credit = Math.min(self.credit + (at - self.at) * capacity_, capacity_ * self.window);
    }

    /// @notice What may be paid of `rest` when no more than `most`, which is less, has flown in.
    function partOf(uint256 rest, uint256 most) internal pure returns (uint256) {
        uint256 part = Math.min(most, Math.saturatingSub(rest, LEAST_PART));
        return part < LEAST_PART ? 0 : part;
    }
}
