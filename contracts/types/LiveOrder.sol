// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId, SlotKey} from "./Ids.sol";
import {LivePosition} from "./LivePosition.sol";
import {Nonce} from "./Nonce.sol";
import {Price} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice An order while its batch is worked on, in one memory word: `account 32 · kind 8 · nonce 40 · market 16 · price 32 ·
/// flags 8 · status 8 · position 32 · touched 16 · left 32 · filled 32`.
/// @dev `left` is what may still be filled, `filled` what was filled so far, earlier batches included. One word each keeps
/// memory, which is priced quadratically, small. The upper part is the sort key of the order table, and all that a fill's
/// record needs.
type LiveOrder is uint256;

/// @notice Memory table of live orders. Indexes are checked by the caller, once and by name, so access is plain.
type OrderTable is uint256;

uint256 constant FLAG_BUY = 1;
uint256 constant FLAG_IMMEDIATE = 2;
uint256 constant FLAG_POST_ONLY = 4;
uint256 constant FLAG_REDUCE_ONLY = 8;
uint256 constant FLAG_LADDER = 16;

using LiveOrders for LiveOrder global;
using OrderTables for OrderTable global;

/// @notice Packs, reads and fills a live order.
library LiveOrders {
    uint256 private constant LEFT = 32;
    uint256 private constant TOUCHED = 1 << 64;
    uint256 private constant POSITION = 80;
    uint256 private constant STATUS = 112;
    uint256 private constant FLAGS = 120;
    uint256 private constant PRICE = 128;
    uint256 private constant MARKET = 160;
    uint256 private constant NONCE = 176;
    uint256 private constant KIND = 216;
    uint256 private constant ACCOUNT = 224;

    /// @notice What all orders of a position have in common: account, market, and the position itself.
    function tag(AccountId account_, MarketId market_, LivePosition position_) internal pure returns (LiveOrder) {
        uint256 place = (uint256(MarketId.unwrap(market_)) << MARKET) | (LivePosition.unwrap(position_) << POSITION);
        return LiveOrder.wrap((uint256(AccountId.unwrap(account_)) << ACCOUNT) | place);
    }

    /// @notice The tag with kind, nonce and flags of one order.
    function identify(LiveOrder self, uint256 flags_, uint256 nonce_) internal pure returns (LiveOrder) {
        uint256 kind = (flags_ & FLAG_IMMEDIATE) << (KIND - 1);
        return LiveOrder.wrap(LiveOrder.unwrap(self) | kind | (nonce_ << NONCE) | (flags_ << FLAGS));
    }

    /// @notice The same order with its verdict before any fill, its price, and what is left and filled of it.
    function open(
        LiveOrder self,
        uint256 status_,
        uint256 price_,
        uint256 left_,
        uint256 filled_
    ) internal pure returns (LiveOrder) {
        uint256 state = (status_ << STATUS) | (price_ << PRICE) | (left_ << LEFT) | filled_;
        return LiveOrder.wrap(LiveOrder.unwrap(self) | state);
    }

    /// @notice What speaks against the two orders meeting at all: zero when both are live, in one market, on opposite sides,
    /// the maker resting and the taker not post-only.
    function against(LiveOrder maker, LiveOrder taker) internal pure returns (uint256) {
        uint256 a = LiveOrder.unwrap(maker);
        uint256 b = LiveOrder.unwrap(taker);
        return
            ((a | b) & (0xff << STATUS)) |
            ((a ^ b) & (0xffff << MARKET)) |
            (~(a ^ b) & (FLAG_BUY << FLAGS)) |
            (a & (FLAG_IMMEDIATE << FLAGS)) |
            (b & (FLAG_POST_ONLY << FLAGS));
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

    /// @notice The position that the order trades.
    function position(LiveOrder self) internal pure returns (LivePosition) {
        return LivePosition.wrap(uint32(LiveOrder.unwrap(self) >> POSITION));
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

    /// @notice Record of a fill for the event: `maker 32 · 0 8 · maker nonce 40 · market 16 · price 32 · taker 32 ·
    /// taker kind 8 · taker nonce 40 · size 32 · taker buys 8 · verdict 8`, which is how a live order is laid out.
    function record(LiveOrder maker, LiveOrder taker, uint256 size, uint256 verdict) internal pure returns (uint256) {
        uint256 head = ((LiveOrder.unwrap(maker) >> PRICE) << PRICE) & ~(uint256(0xff) << KIND);
        uint256 tail = (LiveOrder.unwrap(taker) >> NONCE) << 48;
        return head | tail | (size << 16) | ((LiveOrder.unwrap(taker) >> (FLAGS - 8)) & 0x100) | verdict;
    }
}

/// @notice Allocates, reads and writes a table of live orders.
library OrderTables {
    /// @notice A table of `n` orders, not initialised.
    function create(uint256 n) internal pure returns (OrderTable) {
        return OrderTable.wrap(Memory.allocate(n));
    }

    /// @notice Order `i`.
    function get(OrderTable self, uint256 i) internal pure returns (LiveOrder) {
        unchecked {
            return LiveOrder.wrap(Memory.load(OrderTable.unwrap(self) + 32 * i));
        }
    }

    /// @notice Replaces order `i`.
    function put(OrderTable self, uint256 i, LiveOrder order) internal pure {
        unchecked {
            Memory.store(OrderTable.unwrap(self) + 32 * i, LiveOrder.unwrap(order));
        }
    }
}
