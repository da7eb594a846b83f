// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PositionKey, SlotKey} from "./Ids.sol";
import {LivePosition} from "./LivePosition.sol";
import {Nonce} from "./Nonce.sol";
import {Price} from "./Quantities.sol";
import {Verdict} from "./Verdict.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice An order while its batch is worked on, in one memory word: `account 32 · kind 8 · nonce 40 · market 16 · flags 8 ·
/// price 32 · left 32 · status 8 · position 32 · touched 16 · filled 32`.
/// @dev `left` is what may still be filled, `filled` what was filled so far, earlier batches included. One word each keeps
/// memory, which is priced quadratically, small. Flags, price and size lie as in calldata, the upper part is the sort key of
/// the order table, and the part from the price up is all that a fill's record needs of its maker.
type LiveOrder is uint256;

/// @notice Memory table of live orders. Indexes are checked by the caller, once and by name, so access is plain.
type OrderTable is uint256;

uint256 constant FLAG_BUY = 1;
uint256 constant FLAG_IMMEDIATE = 2;
uint256 constant FLAG_POST_ONLY = 4;
uint256 constant FLAG_REDUCE_ONLY = 8;
uint256 constant FLAG_LADDER = 16;
uint256 constant FLAG_LIQUIDATION = 32;

/// @dev Status of a liquidation order that may fill. It bars the order from every fill but a liquidation.
uint256 constant FORCED = 255;

using LiveOrders for LiveOrder global;
using OrderTables for OrderTable global;

/// @notice Packs, reads and fills a live order.
library LiveOrders {
    uint256 private constant TOUCHED = 1 << 32;
    uint256 private constant POSITION = 48;
    uint256 private constant STATUS = 80;
    uint256 private constant LEFT = 88;
    uint256 private constant PRICE = 120;
    uint256 private constant FLAGS = 152;
    uint256 private constant MARKET = 160;
    uint256 private constant NONCE = 176;
    uint256 private constant KIND = 216;
    uint256 private constant ACCOUNT = 224;

    uint256 private constant MAKER_BARS = (0xff << STATUS) | (FLAG_IMMEDIATE << FLAGS);
    uint256 private constant TAKER_BARS = (0xff << STATUS) | (FLAG_POST_ONLY << FLAGS);
    uint256 private constant PAIR = (0xffff << MARKET) | (FLAG_BUY << FLAGS);

    /// @notice What all orders of a position have in common: account, market, and the position itself.
    /// @param account_ Account number in the upper 32 bits.
    /// @param market_ Market number in its own place.
    function tag(uint256 account_, uint256 market_, LivePosition position_) internal pure returns (LiveOrder) {
        return LiveOrder.wrap(account_ | market_ | (LivePosition.unwrap(position_) << POSITION));
    }

    /// @notice The tag with what a record of the order table says: `position 16 · flags 8 · price 32 · size 32 · expiry 32 ·
    /// nonce 40` on top; all of its size is left.
    function read(LiveOrder self, uint256 record_) internal pure returns (LiveOrder) {
        uint256 terms = (record_ >> 80) & (((1 << 72) - 1) << LEFT);
        uint256 kind = (record_ >> 17) & (1 << KIND);
        uint256 nonce_ = (record_ << 80) & (((1 << 40) - 1) << NONCE);
        return LiveOrder.wrap(LiveOrder.unwrap(self) | kind | nonce_ | terms);
    }

    /// @notice The tag as level of a ladder, all of its size left.
    /// @param level `price 32 · size 32` on top.
    function readLevel(
        LiveOrder self,
        uint256 flags_,
        uint256 nonce_,
        uint256 level
    ) internal pure returns (LiveOrder) {
        uint256 terms = (flags_ << FLAGS) | ((level >> 192) << LEFT);
        return LiveOrder.wrap(LiveOrder.unwrap(self) | (nonce_ << NONCE) | terms);
    }

    /// @notice The same order, dead: nothing is left of it.
    function refuse(LiveOrder self, uint256 status_) internal pure returns (LiveOrder) {
        uint256 kept = LiveOrder.unwrap(self) & ~(uint256(type(uint40).max) << STATUS);
        return LiveOrder.wrap(kept | (status_ << STATUS));
    }

    /// @notice The same order when `filled_` lots of it were filled in earlier batches.
    function resume(LiveOrder self, uint256 filled_) internal pure returns (LiveOrder) {
        unchecked {
            uint256 gone = filled_ < left(self) ? filled_ : left(self);
            return LiveOrder.wrap(LiveOrder.unwrap(self) - (gone << LEFT) + filled_);
        }
    }

    /// @notice The same order as a liquidation order that may fill.
    function force(LiveOrder self) internal pure returns (LiveOrder) {
        return LiveOrder.wrap(LiveOrder.unwrap(self) | (FORCED << STATUS));
    }

    /// @notice A liquidation order as if it were signed.
    function unforced(LiveOrder self) internal pure returns (LiveOrder) {
        return LiveOrder.wrap(LiveOrder.unwrap(self) & ~(FORCED << STATUS));
    }

    /// @notice A liquidation order after a fill of `size` lots: nothing of the account's own is spent.
    function drain(LiveOrder self, uint256 size) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(LiveOrder.unwrap(self) - (size << LEFT));
        }
    }

    /// @notice What speaks against the two orders meeting at all: zero when both are live, in one market, on opposite sides,
    /// the maker resting and the taker not post-only.
    function against(LiveOrder maker, LiveOrder taker) internal pure returns (uint256) {
        uint256 a = LiveOrder.unwrap(maker);
        uint256 b = LiveOrder.unwrap(taker);
        return (a & MAKER_BARS) | (b & TAKER_BARS) | (((a ^ b) & PAIR) ^ (FLAG_BUY << FLAGS));
    }

    /// @notice Zero when both orders are of one account.
    function apart(LiveOrder maker, LiveOrder taker) internal pure returns (uint256) {
        return (LiveOrder.unwrap(maker) ^ LiveOrder.unwrap(taker)) >> ACCOUNT;
    }

    /// @notice Zero for a buy, all ones for a sell: `(x ^ mask) - mask` is x for a buy and -x for a sell.
    function sellMask(LiveOrder self) internal pure returns (uint256) {
        unchecked {
            return ((LiveOrder.unwrap(self) >> FLAGS) & FLAG_BUY) - 1;
        }
    }

    /// @notice Sort key of the order table: account, kind, nonce.
    function key(LiveOrder self) internal pure returns (uint256) {
        return LiveOrder.unwrap(self) >> NONCE;
    }

    /// @notice Key of the resting order's slots word.
    function slotsKey(LiveOrder self) internal pure returns (SlotKey) {
        // The nonce is `slot 8 · epoch 32`; the kind above it is zero.
        return SlotKey.wrap(LiveOrder.unwrap(self) >> (NONCE + 34));
    }

    /// @notice `Settled` for a live order, otherwise why none of its fills can settle.
    function status(LiveOrder self) internal pure returns (uint256) {
        return uint8(LiveOrder.unwrap(self) >> STATUS);
    }

    /// @notice Flags as in the batch.
    function flags(LiveOrder self) internal pure returns (uint256) {
        return uint8(LiveOrder.unwrap(self) >> FLAGS);
    }

    /// @notice Whether one of the given flags is set.
    function has(LiveOrder self, uint256 flag) internal pure returns (bool) {
        return LiveOrder.unwrap(self) & (flag << FLAGS) != 0;
    }

    /// @notice Negative for a reduce-only order.
    function reduceOnlySign(LiveOrder self) internal pure returns (int256) {
        return int256(LiveOrder.unwrap(self) << (252 - FLAGS));
    }

    /// @notice The position that the order trades.
    function position(LiveOrder self) internal pure returns (LivePosition) {
        return LivePosition.wrap(uint32(LiveOrder.unwrap(self) >> POSITION));
    }

    /// @notice Key of the position's stored word.
    function positionKey(LiveOrder self) internal pure returns (PositionKey) {
        return PositionKey.wrap((account(self) << 16) | market(self));
    }

    /// @notice Account number.
    function account(LiveOrder self) internal pure returns (uint256) {
        return LiveOrder.unwrap(self) >> ACCOUNT;
    }

    /// @notice Market number.
    function market(LiveOrder self) internal pure returns (uint256) {
        return uint16(LiveOrder.unwrap(self) >> MARKET);
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

    /// @notice Lots filled so far, earlier batches included.
    function filled(LiveOrder self) internal pure returns (uint256) {
        return uint32(LiveOrder.unwrap(self));
    }

    /// @notice Whether this batch filled some of it.
    function isTouched(LiveOrder self) internal pure returns (bool) {
        return LiveOrder.unwrap(self) & TOUCHED != 0;
    }

    /// @notice The same order after a fill of `size` lots; the caller has checked `size <= left`.
    function take(LiveOrder self, uint256 size) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap((LiveOrder.unwrap(self) + size - (size << LEFT)) | TOUCHED);
        }
    }

    /// @notice Record of a fill of a liquidation order: as `record`, with the penalty in place of the taker's kind and nonce, which
    /// say nothing. The caller has checked that it has 48 bits.
    function liquidationRecord(
        LiveOrder maker,
        LiveOrder taker,
        uint256 size,
        uint256 penalty
    ) internal pure returns (uint256) {
        uint256 head = (LiveOrder.unwrap(maker) >> PRICE) << PRICE;
        return head | (account(taker) << 88) | (penalty << 40) | (size << 8) | uint256(Verdict.Liquidated);
    }

    /// @notice Record of a fill for the event: `maker 32 · kind 8 · nonce 40 · market 16 · flags 8 · price 32 · taker 32 ·
    /// kind 8 · nonce 40 · size 32 · verdict 8`, which is how a live order is laid out.
    function record(LiveOrder maker, LiveOrder taker, uint256 size, uint256 verdict) internal pure returns (uint256) {
        uint256 head = (LiveOrder.unwrap(maker) >> PRICE) << PRICE;
        return head | ((LiveOrder.unwrap(taker) >> NONCE) << 40) | (size << 8) | verdict;
    }
}

/// @notice Reads and writes a table of live orders.
library OrderTables {
    /// @notice Writes the next order; returns the place behind it.
    function append(OrderTable self, LiveOrder order) internal pure returns (OrderTable) {
        unchecked {
            Memory.store(OrderTable.unwrap(self), LiveOrder.unwrap(order));
            return skip(self, 1);
        }
    }

    /// @notice The order written last.
    function last(OrderTable self) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(Memory.load(OrderTable.unwrap(self) - 32));
        }
    }

    /// @notice Number of orders written since `begin`.
    function since(OrderTable self, OrderTable begin) internal pure returns (uint256) {
        unchecked {
            return (OrderTable.unwrap(self) - OrderTable.unwrap(begin)) >> 5;
        }
    }

    /// @notice The place `i` orders behind this one.
    function skip(OrderTable self, uint256 i) internal pure returns (OrderTable) {
        unchecked {
            return OrderTable.wrap(OrderTable.unwrap(self) + 32 * i);
        }
    }

    /// @notice Whether this place comes before another one.
    function isBefore(OrderTable self, OrderTable other) internal pure returns (bool) {
        return OrderTable.unwrap(self) < OrderTable.unwrap(other);
    }

    /// @notice Whether two places are one.
    function equals(OrderTable self, OrderTable other) internal pure returns (bool) {
        return OrderTable.unwrap(self) == OrderTable.unwrap(other);
    }

    /// @notice The order at this place.
    function first(OrderTable self) internal pure returns (LiveOrder) {
        return LiveOrder.wrap(Memory.load(OrderTable.unwrap(self)));
    }

    /// @notice Replaces the order at this place.
    function put(OrderTable self, LiveOrder order) internal pure {
        Memory.store(OrderTable.unwrap(self), LiveOrder.unwrap(order));
    }
}
