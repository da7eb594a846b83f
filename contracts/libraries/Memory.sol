// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Plain words of memory, for the records of a batch.
/// @dev A batch keeps its accounts, positions and orders as fixed-width records behind typed pointers (`LiveAccount`,
/// `LivePosition`, `LiveMarket`, `OrderTable`). Against arrays of structs this saves a pointer and a bounds check per access and the
/// zeroing of every record, 2,000 gas per fill at 400 fills; indexes from calldata are checked once, by name.
library Memory {
    /// @notice Where memory that nobody uses begins.
    function free() internal pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
        }
    }

    /// @notice Reserves what lies before `pointer`, not initialised.
    function reserve(uint256 pointer) internal pure {
        assembly ("memory-safe") {
            mstore(0x40, pointer)
        }
    }

    /// @notice The word at `pointer`.
    function load(uint256 pointer) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(pointer)
        }
    }

    /// @notice Replaces the word at `pointer`.
    function store(uint256 pointer, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(pointer, value)
        }
    }
}
