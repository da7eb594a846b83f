// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "./LiveAccount.sol";
import {LiveMarket} from "./LiveMarket.sol";
import {LiveOrder} from "./LiveOrder.sol";
import {Quote, Size} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A position while a batch is worked on: a pointer to its record in memory.
/// @dev Funding up to the market's index is contained in `quote`.
type LivePosition is uint256;

using LivePositions for LivePosition global;

/// @dev States of a live position: it was empty or open before the batch, and the batch changed it or has not yet.
uint256 constant STATE_EMPTY = 0;
uint256 constant STATE_OPEN = 1;
uint256 constant STATE_CHANGED = 2;

/// @notice Fields of a `LivePosition`.
library LivePositions {
    /// @dev Words of one record.
    uint256 internal constant WORDS = 6;

    /// @notice The record `i` places after this one.
    function skip(LivePosition self, uint256 i) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(LivePosition.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice Sets up a record; size, quote and state follow with `startEmpty` or `resume`.
    function begin(LivePosition self, LiveAccount account_, LiveMarket market_, LiveOrder tag_) internal pure {
        setAccount(self, account_);
        setMarket(self, market_);
        setTag(self, tag_);
    }

    /// @notice Puts nothing into the record.
    function startEmpty(LivePosition self) internal pure {
        setSize(self, Size.wrap(0));
        setQuote(self, Quote.wrap(0));
        setState(self, STATE_EMPTY);
    }

    /// @notice Puts an open position into the record.
    function resume(LivePosition self, Size size_, Quote quote_) internal pure {
        setSize(self, size_);
        setQuote(self, quote_);
        setState(self, STATE_OPEN);
    }

    /// @notice Its account.
    function account(LivePosition self) internal pure returns (LiveAccount) {
        unchecked {
            return LiveAccount.wrap(Memory.load(LivePosition.unwrap(self)));
        }
    }

    /// @dev Sets `account`.
    function setAccount(LivePosition self, LiveAccount value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self), LiveAccount.unwrap(value));
        }
    }

    /// @notice Its market.
    function market(LivePosition self) internal pure returns (LiveMarket) {
        unchecked {
            return LiveMarket.wrap(Memory.load(LivePosition.unwrap(self) + 32));
        }
    }

    /// @dev Sets `market`.
    function setMarket(LivePosition self, LiveMarket value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 32, LiveMarket.unwrap(value));
        }
    }

    /// @notice Signed lots.
    function size(LivePosition self) internal pure returns (Size) {
        unchecked {
            return Size.wrap(int256(Memory.load(LivePosition.unwrap(self) + 64)));
        }
    }

    /// @dev Sets `size`.
    function setSize(LivePosition self, Size value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 64, uint256(Size.unwrap(value)));
        }
    }

    /// @notice Quote, funding applied.
    function quote(LivePosition self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LivePosition.unwrap(self) + 96)));
        }
    }

    /// @dev Sets `quote`.
    function setQuote(LivePosition self, Quote value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 96, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice Sum of `STATE_OPEN`, if it was open before the batch, and `STATE_CHANGED`, if the batch changed it.
    function state(LivePosition self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LivePosition.unwrap(self) + 128);
        }
    }

    /// @dev Sets `state`.
    function setState(LivePosition self, uint256 value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 128, value);
        }
    }

    /// @notice What the orders of this position have in common.
    function tag(LivePosition self) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(Memory.load(LivePosition.unwrap(self) + 160));
        }
    }

    /// @dev Sets `tag`.
    function setTag(LivePosition self, LiveOrder value) internal pure {
        unchecked {
            Memory.store(LivePosition.unwrap(self) + 160, LiveOrder.unwrap(value));
        }
    }
}
