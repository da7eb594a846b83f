// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketWord} from "./MarketWord.sol";

/// @notice What holds in a market for the time being, one word: margins on their way, and a pause.
struct Interim {
    uint16 initialFrom;
    uint16 initialTo;
    uint16 maintenanceFrom;
    uint16 maintenanceTo;
    // When the margins began to move; 0 when they never did.
    uint32 startedAt;
    // First second after the pause.
    uint32 pausedUntil;
}

using Interims for Interim global;

/// @notice Margins rise along a line and fall at once:
///
///     margin = to,                                                when to <= from, or RAMP has passed
///     margin = from + floor((to - from) · passed / RAMP)          otherwise
///
/// Rounding down is for the account: a margin is never above the line. Both margins round alike, so the initial one stays above.
library Interims {
    /// @notice Seconds that a rise takes.
    uint256 internal constant RAMP = 1 days;

    /// @notice The same market with the margins of this second.
    function applied(Interim storage self, MarketWord word) internal view returns (MarketWord) {
        if (self.startedAt == 0) return word;
        uint256 passed = block.timestamp - self.startedAt;
        uint256 initialBps = _eased(self.initialFrom, self.initialTo, passed);
        return word.withMargins(initialBps, _eased(self.maintenanceFrom, self.maintenanceTo, passed));
    }

    /// @notice Whether the guardian's pause lasts.
    function isPaused(Interim storage self) internal view returns (bool) {
        return block.timestamp < self.pausedUntil;
    }

    function _eased(uint256 from, uint256 to, uint256 passed) private pure returns (uint256) {
        if (to <= from || passed >= RAMP) return to;
        return from + ((to - from) * passed) / RAMP;
    }
}
