// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Index, Quote, Size} from "./Quantities.sol";

/// @notice A position in one storage word: `size int64 · quote int96 · funding snapshot int96`.
type PositionWord is uint256;

using PositionWords for PositionWord global;

/// @notice Reads and packs a position word.
library PositionWords {
    /// @notice Packs a position; reverts `Quantity_OutOfRange` when size or quote do not fit.
    function pack(Size size_, Quote quote_, Index snapshot_) internal pure returns (PositionWord) {
        uint256 head = (uint256(uint64(size_.narrow())) << 192) | (uint256(uint96(quote_.narrow())) << 96);
        return PositionWord.wrap(head | uint96(int96(Index.unwrap(snapshot_))));
    }

    /// @notice Signed lots, positive is long.
    function size(PositionWord self) internal pure returns (Size) {
        return Size.wrap(int256(PositionWord.unwrap(self)) >> 192);
    }

    /// @notice Quote before the funding owed since the snapshot.
    function quote(PositionWord self) internal pure returns (Quote) {
        return Quote.wrap(int256(PositionWord.unwrap(self) << 64) >> 160);
    }

    /// @notice Funding index when the position was last touched.
    function snapshot(PositionWord self) internal pure returns (Index) {
        return Index.wrap(int256(PositionWord.unwrap(self) << 160) >> 160);
    }

    /// @notice Whether the position has a size or a quote.
    function isOpen(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) >> 96 != 0;
    }

    /// @notice Quote with the funding paid up to `index`, rounded against the account on both signs.
    /// @dev `quote + ⌊−size × (index − snapshot) / 2^32⌋`: the shift rounds a payment up and a receipt down.
    function quoteAfterFundingDown(PositionWord self, Index index) internal pure returns (Quote) {
        unchecked {
            int256 moved = Index.unwrap(index) - Index.unwrap(snapshot(self));
            int256 received = (-Size.unwrap(size(self)) * moved) >> 32;
            return Quote.wrap(Quote.unwrap(quote(self)) + received);
        }
    }
}
