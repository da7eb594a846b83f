// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "./LiveAccount.sol";
import {LiveMarket} from "./LiveMarket.sol";
import {LiveOrder} from "./LiveOrder.sol";
import {Quote, Size} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A position while a batch is worked on: a pointer to its record in memory.
type LivePosition is uint256;

/// @notice What a live position holds and what became of it: `size int126 · worth 128 · changed 1 · open 1`. A fill moves size and
/// worth by one addition.
/// @dev `worth` is quote + size × mark, funding up to the market's index contained. The mark stands still during a batch, so
/// this is what margin needs, and the quote is found again when the position is written. It is kept 2^127 too high: what is
/// never negative borrows nothing from its neighbour. `open` is set for a position that was open before the batch, `changed` for
/// one that the batch traded.
type Holding is uint256;

using LivePositions for LivePosition global;
using Holdings for Holding global;

/// @notice Reads and moves on what a live position holds.
library Holdings {
    uint256 private constant OPEN = 1;
    uint256 private constant CHANGED = 2;
    uint256 private constant WORTH = 2;
    uint256 private constant SIZE = 130;
    uint256 private constant ZERO = 1 << 127;

    /// @notice Nothing.
    function none() internal pure returns (Holding) {
        return Holding.wrap(ZERO << WORTH);
    }

    /// @notice A position that is open as the batch begins.
    function open(Size size_, Quote worth_) internal pure returns (Holding) {
        return Holding.wrap(Holding.unwrap(_moved(none(), size_, worth_)) | OPEN);
    }

    /// @notice Signed lots.
    function size(Holding self) internal pure returns (Size) {
        return Size.wrap(int256(Holding.unwrap(self)) >> SIZE);
    }

    /// @notice Quote and size at the mark, funding applied.
    function worth(Holding self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(uint256(uint128(Holding.unwrap(self) >> WORTH))) - int256(ZERO));
        }
    }

    /// @notice Negative, as a signed number, unless the position has at most `lots` lots (itself negative when there is no room); may
    /// be negative too when it has exactly as many.
    /// @dev Compared where they stand: the worth below the size can take, and give, less than one lot.
    function within(Holding self, uint256 lots) internal pure returns (uint256) {
        unchecked {
            return ((lots << SIZE) + Holding.unwrap(self)) | ((lots << SIZE) - Holding.unwrap(self));
        }
    }

    /// @notice Whether the position was open before the batch.
    function wasOpen(Holding self) internal pure returns (bool) {
        return Holding.unwrap(self) & OPEN != 0;
    }

    /// @notice Whether the batch traded the position.
    function isChanged(Holding self) internal pure returns (bool) {
        return Holding.unwrap(self) & CHANGED != 0;
    }

    /// @notice What is held after a trade that gains `gain` at the mark.
    function plus(Holding self, Size traded, Quote gain) internal pure returns (Holding) {
        return Holding.wrap(Holding.unwrap(_moved(self, traded, gain)) | CHANGED);
    }

    function _moved(Holding self, Size traded, Quote gain) private pure returns (Holding) {
        unchecked {
            uint256 lots = uint256(Size.unwrap(traded)) << SIZE;
            return Holding.wrap(Holding.unwrap(self) + lots + (uint256(Quote.unwrap(gain)) << WORTH));
        }
    }
}

/// @notice Fields of a `LivePosition`.
library LivePositions {
    /// @dev Words of one record.
    uint256 internal constant WORDS = 4;

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

    /// @notice Sets up a record; `setHolding` follows.
    function begin(LivePosition self, LiveAccount account_, LiveMarket market_, LiveOrder tag_) internal pure {
        setAccount(self, account_);
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 32, LiveMarket.unwrap(market_));
            Memory.store(LivePosition.unwrap(self) + 96, LiveOrder.unwrap(tag_));
        }
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

    /// @notice What the account holds.
    function holding(LivePosition self) internal pure returns (Holding) {
        unchecked {
            return Holding.wrap(Memory.load(LivePosition.unwrap(self) + 64));
        }
    }

    /// @dev Sets `holding`.
    function setHolding(LivePosition self, Holding value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 64, Holding.unwrap(value));
        }
    }

    /// @notice What the orders of this position have in common.
    function tag(LivePosition self) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(Memory.load(LivePosition.unwrap(self) + 96));
        }
    }
}
