// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Where the tables of a batch begin, as calldata offsets, and how many entries they have.
struct Layout {
    uint256 number;
    uint256 markets;
    uint256 accounts;
    uint256 positions;
    uint256 cancels;
    uint256 orders;
    uint256 levels;
    uint256 fills;
    uint256 marketTable;
    uint256 accountTable;
    uint256 cancelTable;
    uint256 orderTable;
    uint256 fillTable;
    uint256 signatures;
}

/// @notice Reads the header of a batch and finds its tables.
/// @dev `number 48 · markets 8 · accounts 16 · positions 16 · cancels 16 · orders 16 · levels 16 · fills 16`, then the
/// tables in the order of `Layout`. Only the order table varies in length; it must fill what the others leave.
library BatchLayout {
    uint256 internal constant HEADER = 19;
    uint256 internal constant ORDER = 20;
    uint256 internal constant LADDER = 13;
    uint256 internal constant LEVEL = 8;
    uint256 internal constant SIGNATURE = 64;

    /// @notice The batch is shorter than its header announces.
    /// @dev Thrown when the tables and signatures of the header do not fit.
    error Batch_TooShort(uint256 length, uint256 needed);

    /// @notice Reads the header; the tables' contents are not looked at.
    function read(bytes calldata batch) internal pure returns (Layout memory plan) {
        unchecked {
            if (batch.length < HEADER) revert Batch_TooShort(batch.length, HEADER);
            uint256 offset;
            assembly ("memory-safe") {
                offset := batch.offset
            }
            uint256 head = word(offset);
            plan.number = head >> 208;
            plan.markets = uint8(head >> 200);
            plan.accounts = uint16(head >> 184);
            plan.positions = uint16(head >> 168);
            plan.cancels = uint16(head >> 152);
            plan.orders = uint16(head >> 136);
            plan.levels = uint16(head >> 120);
            plan.fills = uint16(head >> 104);
            _place(plan, offset, batch.length);
        }
    }

    function _place(Layout memory plan, uint256 offset, uint256 length) private pure {
        unchecked {
            plan.marketTable = offset + HEADER;
            plan.accountTable = plan.marketTable + 2 * plan.markets;
            plan.cancelTable = plan.accountTable + 5 * plan.accounts + plan.positions;
            plan.orderTable = plan.cancelTable + 7 * plan.cancels;
            uint256 tail = SIGNATURE * (plan.cancels + plan.orders) + 8 * plan.fills;
            uint256 needed = plan.orderTable - offset + tail;
            if (length < needed) revert Batch_TooShort(length, needed);
            plan.fillTable = offset + length - tail;
            plan.signatures = plan.fillTable + 8 * plan.fills;
        }
    }

    /// @notice The 32 calldata bytes at `at`; zeros beyond the end.
    function word(uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(offset)
        }
    }
}
