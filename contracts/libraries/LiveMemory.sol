// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount, LiveMarket, LivePosition} from "../types/Live.sol";

/// @notice Allocates the touch table. `new T[](n)` would fill each nested record with further empty records before any of
/// them is used. Here the records hold whatever the memory held: the loader sets every field before it is read.
library LiveMemory {
    uint256 private constant MARKET = 13 * 32;
    uint256 private constant ACCOUNT = 10 * 32;
    uint256 private constant POSITION = 8 * 32;

    /// @notice A table of `n` markets, not initialised.
    function newMarkets(uint256 n) internal pure returns (LiveMarket[] memory list) {
        uint256 table = _table(n, MARKET);
        assembly ("memory-safe") {
            list := table
        }
    }

    /// @notice A table of `n` accounts, not initialised.
    function newAccounts(uint256 n) internal pure returns (LiveAccount[] memory list) {
        uint256 table = _table(n, ACCOUNT);
        assembly ("memory-safe") {
            list := table
        }
    }

    /// @notice A table of `n` positions, not initialised.
    function newPositions(uint256 n) internal pure returns (LivePosition[] memory list) {
        uint256 table = _table(n, POSITION);
        assembly ("memory-safe") {
            list := table
        }
    }

    /// @dev Length word, `n` pointers, `n` records of `size` bytes.
    function _table(uint256 n, uint256 size) private pure returns (uint256 table) {
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(table, n)
            let pointer := add(table, 32)
            let record := add(pointer, shl(5, n))
            let end := record
            for {} lt(pointer, end) { pointer := add(pointer, 32) } {
                mstore(pointer, record)
                record := add(record, size)
            }
            mstore(0x40, record)
        }
    }
}
