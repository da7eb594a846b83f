// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Nonce} from "./Nonce.sol";
import {Price} from "./Quantities.sol";
import {Verdict} from "./Verdict.sol";

/// @notice An order while its batch is worked on, in one memory word:
/// `status 8 · flags 8 · position index 16 · nonce 40 · price 32 · left 32 · filled 32`.
/// @dev `left` is what may still be filled, `filled` what this batch filled. One word each keeps memory, which is priced
/// quadratically, small: 800 orders take 25 kB.
type LiveOrder is uint256;

uint256 constant FLAG_BUY = 1;
uint256 constant FLAG_IMMEDIATE = 2;
uint256 constant FLAG_POST_ONLY = 4;
uint256 constant FLAG_REDUCE_ONLY = 8;
uint256 constant FLAG_LADDER = 16;
uint256 constant FLAGS_KNOWN = 31;

using LiveOrders for LiveOrder global;

/// @notice Packs, reads and fills a live order.
library LiveOrders {
    uint256 private constant LEFT = 32;
    uint256 private constant PRICE = 64;
    uint256 private constant NONCE = 96;
    uint256 private constant POSITION = 136;
    uint256 private constant FLAGS = 152;
    uint256 private constant STATUS = 160;

    /// @notice An order that nothing has filled in this batch.
    function pack(Verdict status_, uint256 flags_, uint256 position_, Nonce nonce_, Price price_, uint256 left_)
        internal
        pure
        returns (LiveOrder)
    {
        uint256 head = (uint256(status_) << STATUS) | (flags_ << FLAGS) | (position_ << POSITION);
        uint256 body = (Nonce.unwrap(nonce_) << NONCE) | (Price.unwrap(price_) << PRICE) | (left_ << LEFT);
        return LiveOrder.wrap(head | body);
    }

    /// @notice `Settled` for a live order, otherwise why none of its fills can settle.
    function status(LiveOrder self) internal pure returns (uint256) {
        return LiveOrder.unwrap(self) >> STATUS;
    }

    /// @notice Flags as in the batch.
    function flags(LiveOrder self) internal pure returns (uint256) {
        return uint8(LiveOrder.unwrap(self) >> FLAGS);
    }

    /// @notice Whether all of the given flags are set.
    function has(LiveOrder self, uint256 flag) internal pure returns (bool) {
        return (LiveOrder.unwrap(self) >> FLAGS) & flag != 0;
    }

    /// @notice Index of the position that the order trades.
    function position(LiveOrder self) internal pure returns (uint256) {
        return uint16(LiveOrder.unwrap(self) >> POSITION);
    }

    /// @notice Nonce as signed; of a ladder's level, the level's own.
    function nonce(LiveOrder self) internal pure returns (Nonce) {
        return Nonce.wrap(uint40(LiveOrder.unwrap(self) >> NONCE));
    }

    /// @notice Limit price.
    function price(LiveOrder self) internal pure returns (Price) {
        return Price.wrap(uint32(LiveOrder.unwrap(self) >> PRICE));
    }

    /// @notice Lots that may still be filled.
    function left(LiveOrder self) internal pure returns (uint256) {
        return uint32(LiveOrder.unwrap(self) >> LEFT);
    }

    /// @notice Lots that this batch filled.
    function filled(LiveOrder self) internal pure returns (uint256) {
        return uint32(LiveOrder.unwrap(self));
    }

    /// @notice The same order after a fill of `size` lots; the caller has checked `size <= left`.
    function take(LiveOrder self, uint256 size) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(LiveOrder.unwrap(self) + size - (size << LEFT));
        }
    }
}
