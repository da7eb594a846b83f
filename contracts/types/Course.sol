// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Terms of a market's funding and where it stands; one word.
struct Course {
    int32 interest;
    uint32 cap;
    uint32 damp;
    // Funding interval in minutes.
    uint16 interval;
    // Rate of the last period that was charged, parts of 10^9 per 8 hours.
    int32 lastRate;
    // First second of the running period.
    uint32 periodStart;
    // When the mark was published.
    uint32 markTime;
    // Largest change of the rate from one charged period to the next.
    uint32 step;
    // First minutes of the running period that were charged on other terms; the last of them may have begun only.
    uint16 chargedBefore;
}

using Courses for Course global;

/// @notice Where the periods of a course begin and end.
/// @dev Unchecked: a period has at most a day, and a listed market's has at least a minute.
library Courses {
    /// @notice Length of a period in seconds.
    function length(Course memory self) internal pure returns (uint256) {
        unchecked {
            return uint256(self.interval) * 1 minutes;
        }
    }

    /// @notice The second after the running period.
    function periodEnd(Course memory self) internal pure returns (uint32) {
        unchecked {
            return self.periodStart + uint32(self.interval) * 1 minutes;
        }
    }

    /// @notice First second of the running period that was not charged on other terms.
    function chargedUntil(Course memory self) internal pure returns (uint256) {
        unchecked {
            return self.periodStart + uint256(self.chargedBefore) * 1 minutes;
        }
    }

    /// @notice First second of the period that holds this one: periods are aligned.
    function startNow(Course memory self) internal view returns (uint32) {
        unchecked {
            return uint32(block.timestamp - (block.timestamp % length(self)));
        }
    }
}
