// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Bound, Bounds} from "./Bound.sol";
import {MarketWord} from "./MarketWord.sol";

/// @notice What holds in a market for the time being, one word: margins and a tier on their way, and a pause.
struct Interim {
    uint16 initialFrom;
    uint16 initialTo;
    uint16 maintenanceFrom;
    uint16 maintenanceTo;
    // When the margins began to move; 0 when they never did.
    uint32 startedAt;
    // First second after the pause.
    uint32 pausedUntil;
    // Tiers as the market word holds them.
    uint16 tierFrom;
    uint16 tierTo;
    // When the tier began to move; 0 when it never did.
    uint32 tierStartedAt;
}

using Interims for Interim global;

/// @notice Margins rise along a line and fall at once:
///
///     margin = to,                                                when to <= from, or RAMP has passed
///     margin = from + floor((to - from) · passed / RAMP)          otherwise
///
/// Rounding down is for the account: a margin is never above the line. Both margins round alike, so the initial one stays above.
/// A smaller tier raises the initial margin of large positions, so it falls along a line and rises at once:
///
///     tier = to,                                                  when to >= from, or RAMP has passed
///     tier = to + ceil((from - to) · (RAMP - passed) / RAMP)      otherwise, up to the next number that a bound can hold
library Interims {
    /// @notice Seconds that a rise takes.
    uint256 internal constant RAMP = 1 days;

    /// @notice The same market with the margins and the tier of this second.
    function applied(Interim storage self, MarketWord word) internal view returns (MarketWord) {
        if (self.startedAt == 0 && self.tierStartedAt == 0) return word;
        Interim memory seen = self;
        if (seen.startedAt != 0) {
            uint256 passed = block.timestamp - seen.startedAt;
            uint256 initialBps = _eased(seen.initialFrom, seen.initialTo, passed);
            word = word.withMargins(initialBps, _eased(seen.maintenanceFrom, seen.maintenanceTo, passed));
        }
        if (seen.tierStartedAt == 0) return word;
        return word.withTier(_tier(seen, block.timestamp - seen.tierStartedAt));
    }

    /// @notice Whether the guardian's pause lasts.
    function isPaused(Interim storage self) internal view returns (bool) {
        return block.timestamp < self.pausedUntil;
    }

    function _tier(Interim memory self, uint256 passed) private pure returns (Bound) {
        Bound target = Bound.wrap(self.tierTo);
        (uint256 from, uint256 to) = (Bound.wrap(self.tierFrom).lots(), target.lots());
        if (to >= from || passed >= RAMP) return target;
        return Bounds.packUp(to + Math.ceilDiv((from - to) * (RAMP - passed), RAMP), Bounds.TIER);
    }

    function _eased(uint256 from, uint256 to, uint256 passed) private pure returns (uint256) {
        if (to <= from || passed >= RAMP) return to;
        return from + ((to - from) * passed) / RAMP;
    }
}
