// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The header of a batch and where the batch lies in calldata, in one word: `number 48 · markets 8 · accounts 16 ·
/// positions 16 · cancels 16 · orders 16 · levels 16 · fills 16 · zero 40 · end 32 · offset 32`.
/// @dev The upper 152 bits are the header as it is sent. The tables follow it in the order of the functions below; only the
/// order table varies in length, it fills what the others leave.
type Layout is uint256;

using Layouts for Layout global;

/// @notice How many entries the tables of a batch have, and where they begin in calldata.
library Layouts {
    /// @dev Bytes of the header, and of one entry of the tables.
    uint256 internal constant HEADER = 19;
    uint256 internal constant ORDER = 20;
    uint256 internal constant LADDER = 13;
    uint256 internal constant LEVEL = 8;
    uint256 internal constant CANCEL = 7;
    uint256 internal constant FILL = 8;
    uint256 internal constant SIGNATURE = 64;

    /// @notice Packs the first word of a batch with the place of the batch.
    function pack(uint256 head, uint256 offset, uint256 length) internal pure returns (Layout) {
        unchecked {
            return Layout.wrap(((head >> 104) << 104) | ((offset + length) << 32) | offset);
        }
    }

    /// @notice Batch number.
    function number(Layout self) internal pure returns (uint256) {
        return Layout.unwrap(self) >> 208;
    }

    /// @notice Entries of the market table.
    function markets(Layout self) internal pure returns (uint256) {
        return uint8(Layout.unwrap(self) >> 200);
    }

    /// @notice Entries of the account table.
    function accounts(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 184);
    }

    /// @notice Market indexes in the account table.
    function positions(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 168);
    }

    /// @notice Entries of the cancel table.
    function cancels(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 152);
    }

    /// @notice Records of the order table, each with one signature.
    function orders(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 136);
    }

    /// @notice Orders, each level of a ladder counted.
    function levels(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 120);
    }

    /// @notice Entries of the fill table.
    function fills(Layout self) internal pure returns (uint256) {
        return uint16(Layout.unwrap(self) >> 104);
    }

    /// @notice Market numbers, 2 bytes each.
    function marketTable(Layout self) internal pure returns (uint256) {
        unchecked {
            return uint32(Layout.unwrap(self)) + HEADER;
        }
    }

    /// @notice Accounts, 5 bytes each and one more for each market index.
    function accountTable(Layout self) internal pure returns (uint256) {
        unchecked {
            return marketTable(self) + 2 * markets(self);
        }
    }

    /// @notice Cancels, 7 bytes each.
    function cancelTable(Layout self) internal pure returns (uint256) {
        unchecked {
            return accountTable(self) + 5 * accounts(self) + positions(self);
        }
    }

    /// @notice Orders, 20 bytes each, and ladders, 13 bytes and 8 for each level.
    function orderTable(Layout self) internal pure returns (uint256) {
        unchecked {
            return cancelTable(self) + CANCEL * cancels(self);
        }
    }

    /// @notice Fills, 8 bytes each.
    function fillTable(Layout self) internal pure returns (uint256) {
        unchecked {
            return cancelSignatures(self) - FILL * fills(self);
        }
    }

    /// @notice Signatures of the cancels, 64 bytes each.
    function cancelSignatures(Layout self) internal pure returns (uint256) {
        unchecked {
            return orderSignatures(self) - SIGNATURE * cancels(self);
        }
    }

    /// @notice Signatures of the orders, 64 bytes each, up to the end.
    function orderSignatures(Layout self) internal pure returns (uint256) {
        unchecked {
            return end(self) - SIGNATURE * orders(self);
        }
    }

    /// @notice Behind the last byte.
    function end(Layout self) internal pure returns (uint256) {
        return uint32(Layout.unwrap(self) >> 32);
    }

    /// @notice Bytes that the header announces at least: all but the order table.
    function leastLength(Layout self) internal pure returns (uint256) {
        unchecked {
            uint256 head = HEADER + 2 * markets(self) + 5 * accounts(self) + positions(self);
            uint256 signed = (SIGNATURE + CANCEL) * cancels(self) + SIGNATURE * orders(self);
            return head + signed + FILL * fills(self);
        }
    }
}
