// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Nonce} from "./Nonce.sol";

/// @notice Four order slots in one storage word, slot 0 lowest: `4 × (epoch 32 · filled 32)`.
type SlotsWord is uint256;

/// @dev `filled` of an epoch that was cancelled: no order is larger.
uint256 constant CANCELLED = type(uint32).max;

using SlotsWords for SlotsWord global;

/// @notice Reads and replaces one of the four slots that a nonce names.
library SlotsWords {
    /// @notice Highest epoch seen in the nonce's slot.
    function epochAt(SlotsWord self, Nonce nonce) internal pure returns (uint256) {
        return uint32(SlotsWord.unwrap(self) >> (_shift(nonce) + 32));
    }

    /// @notice Lots filled of that epoch, or `CANCELLED`.
    function filledAt(SlotsWord self, Nonce nonce) internal pure returns (uint256) {
        return uint32(SlotsWord.unwrap(self) >> _shift(nonce));
    }

    /// @notice Lots filled of the nonce's own epoch: zero when the slot still holds a lower one.
    function filledOf(SlotsWord self, Nonce nonce) internal pure returns (uint256) {
        return epochAt(self, nonce) == nonce.epoch() ? filledAt(self, nonce) : 0;
    }

    /// @notice The same word with the nonce's epoch and `filled` in its slot.
    function withFilled(SlotsWord self, Nonce nonce, uint256 filled) internal pure returns (SlotsWord) {
        uint256 shift = _shift(nonce);
        uint256 kept = SlotsWord.unwrap(self) & ~(uint256(type(uint64).max) << shift);
        return SlotsWord.wrap(kept | (((nonce.epoch() << 32) | filled) << shift));
    }

    /// @dev Bit offset of the slot: 64 × (slot % 4).
    function _shift(Nonce nonce) private pure returns (uint256) {
        return (nonce.slot() & 3) << 6;
    }
}
