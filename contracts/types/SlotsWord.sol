// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Nonce} from "./Nonce.sol";

/// @notice Four order slots in one storage word, slot 0 lowest: `4 × (epoch 32 · filled 32)`.
type SlotsWord is uint256;

/// @dev `filled` of an epoch that was cancelled: no order is larger.
uint256 constant CANCELLED = type(uint32).max;

/// @dev What a slot holds: `epoch 32 · filled 32`.
type Slot is uint256;

using SlotsWords for SlotsWord global;
using Slots for Slot global;

/// @notice Reads and replaces one of the four slots that a nonce names.
library SlotsWords {
    /// @notice The nonce's slot.
    function slotAt(SlotsWord self, Nonce nonce) internal pure returns (Slot) {
        return Slot.wrap(uint64(SlotsWord.unwrap(self) >> _shift(nonce)));
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

/// @notice Reads a slot.
library Slots {
    /// @notice Highest epoch seen.
    function epoch(Slot self) internal pure returns (uint256) {
        return Slot.unwrap(self) >> 32;
    }

    /// @notice Lots filled of that epoch, or `CANCELLED`.
    function filled(Slot self) internal pure returns (uint256) {
        return uint32(Slot.unwrap(self));
    }
}
