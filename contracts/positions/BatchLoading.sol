// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, SlotKey, positionKey, slotKey} from "../types/Ids.sol";
import {LiveAccount, LiveBatch, LiveMarket, LivePosition} from "../types/Live.sol";
import {
    FLAG_BUY,
    FLAG_IMMEDIATE,
    FLAG_LADDER,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    LiveOrder,
    LiveOrders
} from "../types/LiveOrder.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {CANCELLED, SlotsWord} from "../types/SlotsWord.sol";
import {Verdict} from "../types/Verdict.sol";
import {BatchLayout, Layout} from "../libraries/BatchLayout.sol";
import {LiveMemory} from "../libraries/LiveMemory.sol";
import {Margin} from "../libraries/Margin.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {Settings} from "../interfaces/IPerpPositions.sol";
import {PositionStorage} from "./PositionStorage.sol";

/// @notice Reads a batch into memory: every market, account, position and order once. Reverts on whatever is malformed.
abstract contract BatchLoading is PositionStorage {
    /// @dev Combinations of flags that have a meaning: bit `f` stands for flags `f`. Immediate goes with neither post-only nor
    /// ladder.
    uint256 private constant VALID_FLAGS = 0x33333f3f;

    /// @dev Where the order loop stands. Kept in memory because the loop has more live values than the stack.
    struct OrderCursor {
        uint256 offset;
        uint256 signature;
        uint256 lastKey;
        uint256 level;
        SlotKey slotKey;
        SlotsWord slots;
        HashPad pad;
    }

    /// @dev Reads the market table.
    function _readMarkets(Layout memory plan) internal pure returns (MarketId[] memory ids) {
        ids = new MarketId[](plan.markets);
        uint256 last;
        for (uint256 i; i < ids.length; ++i) {
            uint256 id = BatchLayout.word(plan.marketTable + 2 * i) >> 240;
            if (id <= last) revert Batch_MarketsNotAscending(i);
            ids[i] = MarketId.wrap(uint16(id));
            last = id;
        }
    }

    /// @dev Markets, accounts, positions and orders of the batch, funding applied, nothing filled.
    function _load(
        Layout memory plan,
        Settings memory rules,
        MarketId[] memory ids,
        MarketWord[] memory words,
        bytes32 domain
    ) internal view returns (LiveBatch memory live) {
        live.markets = LiveMemory.newMarkets(ids.length);
        for (uint256 i; i < ids.length; ++i) {
            _loadMarket(live.markets[i], ids[i], words[i], rules);
        }
        live.accounts = LiveMemory.newAccounts(plan.accounts);
        live.positions = LiveMemory.newPositions(plan.positions);
        _loadAccounts(live, plan);
        live.orders = new LiveOrder[](plan.levels);
        _loadOrders(live, plan, OrderHashing.newPad(domain));
    }

    function _loadMarket(LiveMarket memory market, MarketId id, MarketWord word, Settings memory rules) private view {
        market.id = id;
        market.fresh = word.isFresh(rules.maxPriceAge);
        market.mark = word.mark();
        market.low = Margin.bandLowUp(market.mark, rules.bandBps);
        market.high = Margin.bandHighDown(market.mark, rules.bandBps);
        market.unit = word.unit();
        market.index = word.index();
        market.lotValue = Margin.lotValue(word);
        market.lotMarginUp = Margin.lotMarginUp(word, word.initialBps());
        market.takerFee = word.takerFee();
        market.makerFee = word.makerFee();
        market.volume = 0;
        market.value = 0;
    }

    function _loadAccounts(LiveBatch memory live, Layout memory plan) private view {
        uint256 offset = plan.accountTable;
        uint256 first;
        uint256 last;
        for (uint256 i; i < live.accounts.length; ++i) {
            uint256 head = BatchLayout.word(offset);
            uint256 id = head >> 224;
            if (i != 0 && id <= last) revert Batch_AccountsNotAscending(i);
            last = id;
            uint256 count = uint8(head >> 216);
            if (first + count > live.positions.length) revert Batch_PositionCountWrong(first + count, live.positions.length);
            _loadAccount(live, live.accounts[i], AccountId.wrap(uint32(id)), offset + 5, first, count);
            first += count;
            offset += 5 + count;
        }
        if (first != live.positions.length) revert Batch_PositionCountWrong(first, live.positions.length);
    }

    function _loadAccount(
        LiveBatch memory live,
        LiveAccount memory account,
        AccountId id,
        uint256 offset,
        uint256 first,
        uint256 count
    ) private view {
        AccountWord word = _accounts[id];
        account.id = id;
        account.word = word;
        account.fresh = true;
        account.equity = word.collateral();
        account.initialMargin = Quote.wrap(0);
        account.nonce = word.nonce();
        account.openMarkets = word.openMarkets();
        uint256 supplied;
        uint256 indexes = BatchLayout.word(offset);
        uint256 previous;
        for (uint256 i; i < count; ++i) {
            if (i != 0 && i & 31 == 0) indexes = BatchLayout.word(offset + i);
            uint256 index = indexes >> 248;
            indexes <<= 8;
            if (index >= live.markets.length || (i != 0 && index <= previous)) revert Batch_MarketIndexWrong(id, index);
            previous = index;
            if (_loadPosition(live.positions[first + i], account, live.markets[index])) ++supplied;
        }
        account.complete = supplied == account.openMarkets && word.signer() != address(0);
    }

    /// @dev Loads one position, adds it to its account's equity and margin, and says whether it is open.
    function _loadPosition(LivePosition memory position, LiveAccount memory account, LiveMarket memory market)
        private
        view
        returns (bool open)
    {
        PositionWord word = _positions[positionKey(account.id, market.id)];
        position.account = account;
        position.market = market;
        position.stored = word;
        position.touched = false;
        Size size = word.size();
        Quote quote = word.quoteAfterFundingDown(market.index);
        position.size = size;
        position.quote = quote;
        if (!market.fresh) account.fresh = false;
        open = word.isOpen();
        if (open) {
            account.equity = account.equity + Margin.positionValue(size, quote, market.lotValue);
            account.initialMargin = account.initialMargin + Margin.required(size, market.lotMarginUp);
        }
    }

    function _loadOrders(LiveBatch memory live, Layout memory plan, HashPad pad) private view {
        OrderCursor memory cursor;
        cursor.offset = plan.orderTable;
        cursor.signature = plan.signatures + BatchLayout.SIGNATURE * plan.cancels;
        cursor.slotKey = SlotKey.wrap(type(uint256).max);
        cursor.pad = pad;
        for (uint256 i; i < plan.orders; ++i) {
            uint256 record = BatchLayout.word(cursor.offset);
            uint256 flags = uint8(record >> 232);
            if (flags > 31 || (VALID_FLAGS >> flags) & 1 == 0) revert Batch_FlagsMalformed(i, flags);
            uint256 index = record >> 240;
            if (index >= live.positions.length) revert Batch_PositionOutOfRange(i, index);
            if (flags & FLAG_LADDER == 0) _loadOrder(live, cursor, i, record, flags, index);
            else _loadLadder(live, cursor, i, record, flags, index);
            cursor.signature += BatchLayout.SIGNATURE;
        }
        if (cursor.offset != plan.fillTable) revert Batch_OrderTableLength(cursor.offset - plan.orderTable);
        if (cursor.level != live.orders.length) revert Batch_LevelCountWrong(cursor.level, live.orders.length);
    }

    function _loadOrder(
        LiveBatch memory live,
        OrderCursor memory cursor,
        uint256 i,
        uint256 record,
        uint256 flags,
        uint256 index
    ) private view {
        LivePosition memory position = live.positions[index];
        LiveAccount memory account = position.account;
        Nonce nonce = Nonce.wrap(uint40(record >> 96));
        _ascend(cursor, i, account.id, flags, nonce, nonce);
        bytes32 digest = OrderHashing.orderDigest(cursor.pad, account.id, position.market.id, flags, record);
        Verdict status = _signed(cursor, account, digest, uint32(record >> 136));
        _append(live, cursor, account, status, flags, index, nonce, uint64(record >> 168));
        cursor.offset += BatchLayout.ORDER;
    }

    /// @dev A ladder is one signature over several resting levels in consecutive slots.
    function _loadLadder(
        LiveBatch memory live,
        OrderCursor memory cursor,
        uint256 i,
        uint256 record,
        uint256 flags,
        uint256 index
    ) private view {
        LivePosition memory position = live.positions[index];
        LiveAccount memory account = position.account;
        uint256 count = uint8(record >> 224);
        uint256 nonce = uint40(record >> 152);
        if (count == 0 || (nonce >> 32) + count > 256) revert Batch_LadderMalformed(i, count, nonce);
        _ascend(cursor, i, account.id, flags, Nonce.wrap(nonce), Nonce.wrap(nonce + ((count - 1) << 32)));
        uint256 levels = cursor.offset + BatchLayout.LADDER;
        uint256 expiry = uint32(record >> 192);
        bytes32 digest = OrderHashing.ladderDigest(
            cursor.pad, account.id, position.market.id, flags, expiry, Nonce.wrap(nonce), levels, count
        );
        Verdict status = _signed(cursor, account, digest, expiry);
        for (uint256 k; k < count; ++k) {
            uint64 priceSize = uint64(BatchLayout.word(levels + 8 * k) >> 192);
            _append(live, cursor, account, status, flags, index, Nonce.wrap(nonce + (k << 32)), priceSize);
        }
        cursor.offset = levels + BatchLayout.LEVEL * count;
    }

    /// @dev Orders ascend strictly by (account, kind, nonce): no order stands twice, and neighbouring slots meet.
    function _ascend(OrderCursor memory cursor, uint256 i, AccountId id, uint256 flags, Nonce first, Nonce last)
        private
        pure
    {
        uint256 base = (uint256(AccountId.unwrap(id)) << 41) | ((flags & FLAG_IMMEDIATE) << 39);
        if (i != 0 && (base | Nonce.unwrap(first)) <= cursor.lastKey) revert Batch_OrdersNotAscending(i);
        cursor.lastKey = base | Nonce.unwrap(last);
        if (flags & FLAG_IMMEDIATE != 0 && !first.isNumber()) revert Batch_NonceMalformed(i, Nonce.unwrap(first));
    }

    /// @dev What can be said of an order before its nonce is looked at.
    function _signed(OrderCursor memory cursor, LiveAccount memory account, bytes32 digest, uint256 expiry)
        private
        view
        returns (Verdict)
    {
        address signer = OrderHashing.recover(digest, cursor.signature);
        if (signer == address(0) || signer != account.word.signer()) return Verdict.BadSignature;
        if (block.timestamp > expiry) return Verdict.Expired;
        return account.complete ? Verdict.Settled : Verdict.IncompleteAccount;
    }

    /// @dev Adds one fillable entry; looks its nonce up unless the order is dead already.
    function _append(
        LiveBatch memory live,
        OrderCursor memory cursor,
        LiveAccount memory account,
        Verdict status,
        uint256 flags,
        uint256 index,
        Nonce nonce,
        uint64 priceSize
    ) private view {
        uint256 left = uint32(priceSize);
        if (status == Verdict.Settled) {
            if (flags & FLAG_IMMEDIATE == 0) (status, left) = _resting(cursor, account, nonce, left);
            else if (nonce.epoch() <= account.word.nonce()) status = Verdict.Spent;
        }
        uint256 level = cursor.level;
        if (level >= live.orders.length) revert Batch_LevelCountWrong(level + 1, live.orders.length);
        live.orders[level] = LiveOrders.pack(status, flags, index, nonce, Price.wrap(priceSize >> 32), left);
        cursor.level = level + 1;
    }

    /// @dev State of a resting nonce: live with what is left of `size`, replaced or cancelled.
    function _resting(OrderCursor memory cursor, LiveAccount memory account, Nonce nonce, uint256 size)
        private
        view
        returns (Verdict, uint256)
    {
        SlotKey key = slotKey(account.id, nonce.slot());
        if (SlotKey.unwrap(key) != SlotKey.unwrap(cursor.slotKey)) {
            cursor.slotKey = key;
            cursor.slots = _slots[key];
        }
        uint256 epoch = cursor.slots.epochAt(nonce);
        if (epoch > nonce.epoch()) return (Verdict.Replaced, 0);
        if (account.word.floored() && nonce.epoch() <= _epochFloors[account.id]) return (Verdict.Replaced, 0);
        if (epoch < nonce.epoch()) return (Verdict.Settled, size);
        uint256 filled = cursor.slots.filledAt(nonce);
        if (filled == CANCELLED) return (Verdict.Cancelled, 0);
        return (Verdict.Settled, size > filled ? size - filled : 0);
    }
}
