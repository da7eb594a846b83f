// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "./LiveAccount.sol";
import {LiveMarket} from "./LiveMarket.sol";
import {LiveOrder} from "./LiveOrder.sol";
import {Quote, Size} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A position while a batch is worked on: a pointer to its record in memory.
/// @dev `worth` is quote + size × mark, funding up to the market's index contained. The mark stands still during a batch, so
/// this is what margin needs, and the quote is found again when the position is written.
type LivePosition is uint256;

/// @notice Signed lots of a live position and what became of it: `size int254 · changed 1 · open 1`. A fill reads and writes
/// both, so they share a word.
/// @dev `open` is set for a position that was open before the batch, `changed` for one that the batch traded.
type Lots is uint256;

using LivePositions for LivePosition global;
using LotsWords for Lots global;

/// @notice Reads and moves on the lots of a live position.
library LotsWords {
    uint256 private constant OPEN = 1;
    uint256 private constant CHANGED = 2;

    /// @notice The lots of a position that is open as the batch begins.
    function held(Size size_) internal pure returns (Lots) {
        return Lots.wrap((uint256(Size.unwrap(size_)) << 2) | OPEN);
    }

    /// @notice Signed lots.
    function size(Lots self) internal pure returns (Size) {
        return Size.wrap(int256(Lots.unwrap(self)) >> 2);
    }

    /// @notice Whether there was nothing before the batch, and nothing was traded in it so far.
    function isUntouched(Lots self) internal pure returns (bool) {
        return Lots.unwrap(self) & (OPEN | CHANGED) == 0;
    }

    /// @notice Whether the batch traded the position.
    function isChanged(Lots self) internal pure returns (bool) {
        return Lots.unwrap(self) & CHANGED != 0;
    }

    /// @notice The lots after a trade.
    function plus(Lots self, Size traded) internal pure returns (Lots) {
        unchecked {
            return Lots.wrap((Lots.unwrap(self) + (uint256(Size.unwrap(traded)) << 2)) | CHANGED);
        }
    }
}

/// @notice Fields of a `LivePosition`.
library LivePositions {
    /// @dev Words of one record.
    uint256 internal constant WORDS = 5;

    /// @notice The record `i` places after this one.
    function skip(LivePosition self, uint256 i) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(LivePosition.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice Whether two records are one.
    function equals(LivePosition self, LivePosition other) internal pure returns (bool) {
        return LivePosition.unwrap(self) == LivePosition.unwrap(other);
    }

    /// @notice Whether the record stands before another one.
    function isBefore(LivePosition self, LivePosition other) internal pure returns (bool) {
        return LivePosition.unwrap(self) < LivePosition.unwrap(other);
    }

    /// @notice Sets up a record; lots and worth follow with `startEmpty` or `resume`.
    function begin(LivePosition self, LiveAccount account_, LiveMarket market_, LiveOrder tag_) internal pure {
        setAccount(self, account_);
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 32, LiveMarket.unwrap(market_));
            Memory.store(LivePosition.unwrap(self) + 128, LiveOrder.unwrap(tag_));
        }
    }

    /// @notice Puts nothing into the record.
    function startEmpty(LivePosition self) internal pure {
        setLots(self, Lots.wrap(0));
        setWorth(self, Quote.wrap(0));
    }

    /// @notice Puts an open position into the record.
    function resume(LivePosition self, Size size_, Quote worth_) internal pure {
        setLots(self, LotsWords.held(size_));
        setWorth(self, worth_);
    }

    /// @notice Its account.
    function account(LivePosition self) internal pure returns (LiveAccount) {
        return LiveAccount.wrap(Memory.load(LivePosition.unwrap(self)));
    }

    /// @dev Sets `account`.
    function setAccount(LivePosition self, LiveAccount value) internal pure {
        Memory.store(LivePosition.unwrap(self), LiveAccount.unwrap(value));
    }

    /// @notice Its market.
    function market(LivePosition self) internal pure returns (LiveMarket) {
        unchecked {
            return LiveMarket.wrap(Memory.load(LivePosition.unwrap(self) + 32));
        }
    }

    /// @notice Signed lots, and what became of the position.
    function lots(LivePosition self) internal pure returns (Lots) {
        unchecked {
            return Lots.wrap(Memory.load(LivePosition.unwrap(self) + 64));
        }
    }

    /// @dev Sets `lots`.
    function setLots(LivePosition self, Lots value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 64, Lots.unwrap(value));
        }
    }

    /// @notice Quote and size at the mark, funding applied.
    function worth(LivePosition self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LivePosition.unwrap(self) + 96)));
        }
    }

    /// @dev Sets `worth`.
    function setWorth(LivePosition self, Quote value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 96, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice What the orders of this position have in common.
    function tag(LivePosition self) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(Memory.load(LivePosition.unwrap(self) + 128));
        }
    }
}
