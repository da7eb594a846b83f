// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The records of a batch's fills, one word each, laid out in memory as the event carries them: `32 · length · records`.
/// @dev An `emit` would copy them first, and memory is priced quadratically: 30 gas a fill at 400 fills.
library FillRecords {
    /// @notice Room for `count` records, not initialised.
    function create(uint256 count) internal pure returns (bytes memory records) {
        assembly ("memory-safe") {
            let head := mload(0x40)
            mstore(head, 32)
            records := add(head, 32)
            mstore(records, shl(5, count))
            mstore(0x40, add(add(records, 32), shl(5, count)))
        }
    }

    /// @notice Writes record `i`; the caller has checked that there is one.
    function put(bytes memory records, uint256 i, uint256 record) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(records, 32), shl(5, i)), record)
        }
    }

    /// @notice Emits an event of one indexed number and the records, which `create` made.
    function log(bytes memory records, bytes32 selector, uint256 indexed_) internal {
        assembly ("memory-safe") {
            log2(sub(records, 32), add(mload(records), 64), selector, indexed_)
        }
    }
}
