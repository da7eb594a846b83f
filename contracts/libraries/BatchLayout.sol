// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Layout, Layouts} from "../types/Layout.sol";

/// @notice Reads the header of a batch, and its tables word by word.
library BatchLayout {
    /// @notice The batch is shorter than its header announces.
    /// @dev Thrown when the tables and signatures of the header do not fit.
    error Batch_TooShort(uint256 length, uint256 needed);

    /// @notice Reads the header; the tables' contents are not looked at.
    function read(bytes calldata batch) internal pure returns (Layout plan) {
        if (batch.length < Layouts.HEADER) revert Batch_TooShort(batch.length, Layouts.HEADER);
        uint256 offset;
        assembly ("memory-safe") {
            offset := batch.offset
        }
        plan = Layouts.pack(word(offset), offset, batch.length);
        uint256 needed = plan.leastLength();
        if (batch.length < needed) revert Batch_TooShort(batch.length, needed);
    }

    /// @notice The 32 calldata bytes at `offset`; zeros beyond the end.
    function word(uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(offset)
        }
    }

    /// @notice The calldata byte at `offset`; zero beyond the end.
    function byteAt(uint256 offset) internal pure returns (uint256) {
        return word(offset) >> 248;
    }
}
