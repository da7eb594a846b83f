// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, SlotKey, positionKey} from "../types/Ids.sol";
import {LiveAccount, LiveAccounts, OUT_OF_REACH} from "../types/LiveAccount.sol";
import {LiveBatch} from "../types/LiveBatch.sol";
import {LiveMarket, LiveMarkets} from "../types/LiveMarket.sol";
import {FLAG_IMMEDIATE, FLAG_LADDER, LiveOrder, LiveOrders, OrderTables} from "../types/LiveOrder.sol";
import {LivePosition, LivePositions} from "../types/LivePosition.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {CANCELLED, Slot, SlotsWord} from "../types/SlotsWord.sol";
import {Verdict} from "../types/Verdict.sol";
import {BatchLayout, Layout} from "../libraries/BatchLayout.sol";
import {Margin} from "../libraries/Margin.sol";
import {Memory} from "../libraries/Memory.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {Settings} from "../interfaces/IPerpPositions.sol";
import {PositionStorage} from "./PositionStorage.sol";

/// @notice Reads a batch into memory: every market, account, position and order once. Reverts on whatever is malformed.
/// @dev Arithmetic is unchecked throughout: counts and indexes have at most 16 bits, amounts at most 128.
abstract contract BatchLoading is PositionStorage {
    /// @dev Combinations of flags that have a meaning: bit `f` stands for flags `f`. Immediate goes with neither post-only nor
    /// ladder, and there are no flags above 31.
    uint256 private constant VALID_FLAGS = 0x33333f3f;

    /// @dev What loading an order needs besides the order itself, and the slots word that was read last.
    struct OrderContext {
        HashPad pad;
        SlotKey slotKey;
        SlotsWord slots;
    }

    /// @dev Reserves the tables of a batch and reads markets, accounts, positions and orders into them. Market words come from
    /// `FundingIndex`; only the caller knows whether it may accrue.
    function _loadTables(LiveBatch memory live, Layout memory plan) internal view {
        _loadAccounts(live, plan);
        _checkCancels(plan);
        live.orders = OrderTables.create(plan.levels);
        _loadOrders(live, plan);
    }

    /// @dev Cancels are applied after the fills, but a malformed one refuses the batch at once.
    function _checkCancels(Layout memory plan) private pure {
        unchecked {
            for (uint256 i; i < plan.cancels; ++i) {
                uint256 index = BatchLayout.word(plan.cancelTable + 7 * i) >> 240;
                if (index >= plan.accounts) revert Batch_CancelOutOfRange(i, index);
            }
        }
    }

    /// @dev Reserves the market, account and position tables.
    function _reserve(LiveBatch memory live, Layout memory plan) internal pure {
        unchecked {
            live.markets = LiveMarket.wrap(Memory.allocate(plan.markets * LiveMarkets.WORDS));
            live.accounts = LiveAccount.wrap(Memory.allocate(plan.accounts * LiveAccounts.WORDS));
            live.positions = LivePosition.wrap(Memory.allocate(plan.positions * LivePositions.WORDS));
        }
    }

    /// @dev Market `i` of the market table, which must be above `last`.
    function _marketId(Layout memory plan, uint256 i, MarketId last) internal pure returns (MarketId id) {
        unchecked {
            id = MarketId.wrap(uint16(BatchLayout.word(plan.marketTable + 2 * i) >> 240));
            if (MarketId.unwrap(id) <= MarketId.unwrap(last)) revert Batch_MarketsNotAscending(i);
        }
    }

    function _loadMarket(LiveMarket market, MarketId id, MarketWord word, Settings memory rules) internal view {
        Price mark = word.mark();
        market.setWord(word);
        market.setId(id);
        market.setFresh(word.isFresh(rules.maxPriceAge));
        market.setLow(Margin.bandLowUp(mark, rules.bandBps));
        market.setHigh(Margin.bandHighDown(mark, rules.bandBps));
        market.setLotValue(Margin.lotValue(word));
        market.setLotMarginUp(Margin.lotMarginUp(word, word.initialBps()));
        market.clearSettled();
    }

    function _loadAccounts(LiveBatch memory live, Layout memory plan) private view {
        unchecked {
            uint256 offset = plan.accountTable;
            uint256 accounts = plan.accounts;
            LiveAccount account = live.accounts;
            LivePosition position = live.positions;
            LivePosition end = position.skip(plan.positions);
            uint256 last;
            for (uint256 i; i < accounts; ++i) {
                uint256 head = BatchLayout.word(offset);
                uint256 id = head >> 224;
                if (id <= last) revert Batch_AccountsNotAscending(i);
                last = id;
                uint256 count = uint8(head >> 216);
                LivePosition next = position.skip(count);
                if (LivePosition.unwrap(next) > LivePosition.unwrap(end)) revert Batch_PositionCountWrong(i);
                _loadAccount(
                    live.markets,
                    plan.markets,
                    account,
                    AccountId.wrap(uint32(id)),
                    position,
                    next,
                    offset + 5
                );
                offset += 5 + count;
                position = next;
                account = account.skip(1);
            }
            if (LivePosition.unwrap(position) != LivePosition.unwrap(end)) revert Batch_PositionCountWrong(accounts);
        }
    }

    /// @dev Loads an account and its positions up to `end`, whose market indexes stand at `offset`.
    function _loadAccount(
        LiveMarket markets,
        uint256 marketCount,
        LiveAccount account,
        AccountId id,
        LivePosition position,
        LivePosition end,
        uint256 offset
    ) private view {
        unchecked {
            AccountWord word = _accounts[id];
            account.begin(id, word);
            uint256 unseen = word.openMarkets();
            // One more than the last index, so that zero stands for none.
            uint256 above;
            while (LivePosition.unwrap(position) != LivePosition.unwrap(end)) {
                uint256 index = BatchLayout.word(offset++) >> 248;
                if (index < above) revert Batch_MarketIndexWrong(id, index);
                if (index >= marketCount) revert Batch_MarketIndexWrong(id, index);
                above = index + 1;
                unseen -= _loadPosition(position, account, markets.skip(index));
                position = position.skip(1);
            }
            account.setKey(unseen == 0 ? word.signer() : address(0));
        }
    }

    /// @dev Loads one position and adds it to its account; returns 1 when it is open, otherwise 0.
    function _loadPosition(
        LivePosition position,
        LiveAccount account,
        LiveMarket market
    ) private view returns (uint256) {
        AccountId id = account.id();
        MarketId marketId = market.id();
        PositionWord stored = _positions[positionKey(id, marketId)];
        position.begin(account, market, LiveOrders.tag(id, marketId, position));
        if (!market.fresh()) account.setInitialMargin(account.initialMargin() + OUT_OF_REACH);
        if (!stored.isOpen()) {
            position.startEmpty();
            return 0;
        }
        Size size = stored.size();
        Quote quote = stored.quoteAfterFundingDown(market.word().index());
        position.resume(size, quote);
        account.setEquity(account.equity() + quote + size.times(market.lotValue()));
        account.setInitialMargin(account.initialMargin() + Margin.required(size, market.lotMarginUp()));
        return 1;
    }

    /// @dev Reads the order table. Orders ascend strictly by (account, kind, nonce): no order stands twice, and neighbouring
    /// slots meet.
    function _loadOrders(LiveBatch memory live, Layout memory plan) private view {
        unchecked {
            OrderContext memory context = OrderContext(
                OrderHashing.newPad(_domain()),
                SlotKey.wrap(type(uint256).max),
                SlotsWord.wrap(0)
            );
            uint256 offset = plan.orderTable;
            uint256 signature = plan.signatures + BatchLayout.SIGNATURE * plan.cancels;
            uint256 positions = plan.positions;
            uint256 orders = plan.orders;
            uint256 level;
            uint256 lastKey;
            if (orders > plan.levels) revert Batch_LevelCountWrong(orders, plan.levels);
            for (uint256 i; i < orders; ++i) {
                uint256 record = BatchLayout.word(offset);
                uint256 flags = uint8(record >> 232);
                if ((VALID_FLAGS >> flags) & 1 == 0) revert Batch_FlagsMalformed(i, flags);
                if (record >> 240 >= positions) revert Batch_PositionOutOfRange(i, record >> 240);
                LivePosition position = live.positions.skip(record >> 240);
                if (flags & FLAG_LADDER == 0) {
                    LiveOrder order = position.tag().identify(flags, uint40(record >> 96));
                    if (order.key() <= lastKey) revert Batch_OrdersNotAscending(i);
                    lastKey = order.key();
                    live.orders.put(level++, _loadOrder(context, order, position.account(), record, signature));
                    offset += BatchLayout.ORDER;
                } else {
                    // Every record that follows needs a level of its own.
                    uint256 count = _checkLadder(i, record, plan.levels - level - (orders - i - 1));
                    lastKey = _loadLadder(live, context, position, offset, signature, level, lastKey);
                    if (lastKey == 0) revert Batch_OrdersNotAscending(i);
                    level += count;
                    offset += BatchLayout.LADDER + BatchLayout.LEVEL * count;
                }
                signature += BatchLayout.SIGNATURE;
            }
            if (offset != plan.fillTable) revert Batch_OrderTableLength(offset - plan.orderTable);
            if (level != plan.levels) revert Batch_LevelCountWrong(level, plan.levels);
        }
    }

    /// @dev A single order: `position 16 · flags 8 · price 32 · size 32 · expiry 32 · nonce 40` on top of `record`.
    function _loadOrder(
        OrderContext memory context,
        LiveOrder order,
        LiveAccount account,
        uint256 record,
        uint256 signature
    ) private view returns (LiveOrder) {
        uint256 size = uint32(record >> 168);
        uint256 price = uint32(record >> 200);
        bytes32 digest = OrderHashing.orderDigest(context.pad, order.account(), order.market(), record >> 232, record);
        uint256 status = _signedStatus(account, digest, signature, uint32(record >> 136));
        if (order.has(FLAG_IMMEDIATE)) {
            if (!order.nonce().isNumber()) revert Batch_NonceMalformed(Nonce.unwrap(order.nonce()));
            if (status == 0) {
                if (Nonce.unwrap(order.nonce()) <= account.word().nonce()) status = uint256(Verdict.Spent);
            }
            return order.open(status, price, size, 0);
        }
        if (status != 0) return order.open(status, price, 0, 0);
        return _openResting(context, order, account, price, size);
    }

    /// @dev A ladder, one signature over resting levels in consecutive slots:
    /// `position 16 · flags 8 · levels 8 · expiry 32 · nonce 40`, then `price 32 · size 32` each.
    /// @return lastKey Key of the last level; zero when a level does not ascend.
    function _loadLadder(
        LiveBatch memory live,
        OrderContext memory context,
        LivePosition position,
        uint256 offset,
        uint256 signature,
        uint256 level,
        uint256 lastKey
    ) private view returns (uint256) {
        unchecked {
            uint256 record = BatchLayout.word(offset);
            uint256 status = _ladderStatus(context, position, record, offset + BatchLayout.LADDER, signature);
            for (uint256 k; k < uint8(record >> 224); ++k) {
                uint256 entry = BatchLayout.word(offset + BatchLayout.LADDER + BatchLayout.LEVEL * k);
                LiveOrder order = position.tag().identify(uint8(record >> 232), uint40(record >> 152) + (k << 32));
                if (order.key() <= lastKey) return 0;
                lastKey = order.key();
                order =
                    status == 0
                        ? _openResting(context, order, position.account(), entry >> 224, uint32(entry >> 192))
                        : order.open(status, entry >> 224, 0, 0);
                live.orders.put(level + k, order);
            }
            return lastKey;
        }
    }

    /// @dev Number of levels of a ladder, which must fit its slots and the level table.
    function _checkLadder(uint256 i, uint256 record, uint256 room) private pure returns (uint256 count) {
        unchecked {
            count = uint8(record >> 224);
            uint256 first = uint40(record >> 152);
            if (count == 0 || (first >> 32) + count > 256) revert Batch_LadderMalformed(i, count, first);
            if (count > room) revert Batch_LevelCountWrong(count, room);
        }
    }

    function _ladderStatus(
        OrderContext memory context,
        LivePosition position,
        uint256 record,
        uint256 levels,
        uint256 signature
    ) private view returns (uint256) {
        uint256 expiry = uint32(record >> 192);
        bytes32 digest = OrderHashing.ladderDigest(
            context.pad,
            position.account().id(),
            position.market().id(),
            uint8(record >> 232),
            expiry,
            Nonce.wrap(uint40(record >> 152)),
            levels,
            uint8(record >> 224)
        );
        return _signedStatus(position.account(), digest, signature, expiry);
    }

    /// @dev What can be said of an order before its nonce is looked at; zero when nothing speaks against it.
    function _signedStatus(
        LiveAccount account,
        bytes32 digest,
        uint256 signature,
        uint256 expiry
    ) private view returns (uint256) {
        address recovered = OrderHashing.recover(digest, signature);
        if (recovered == account.key()) {
            // Zero is a failed recovery, and the key of an account that is not complete.
            if (recovered != address(0)) {
                if (block.timestamp <= expiry) return 0;
            }
        }
        return _refusedStatus(account.word().signer(), recovered, expiry);
    }

    /// @dev Why `_signedStatus` refused, in the order of the verdicts.
    function _refusedStatus(address signer, address recovered, uint256 expiry) private view returns (uint256) {
        if (signer == address(0) || recovered != signer) return uint256(Verdict.BadSignature);
        return uint256(block.timestamp > expiry ? Verdict.Expired : Verdict.IncompleteAccount);
    }

    /// @dev A resting order as its slot leaves it: live with what is left of `size`, replaced or cancelled.
    function _openResting(
        OrderContext memory context,
        LiveOrder order,
        LiveAccount account,
        uint256 price,
        uint256 size
    ) private view returns (LiveOrder) {
        unchecked {
            Nonce nonce = order.nonce();
            SlotKey key = order.slotsKey();
            if (SlotKey.unwrap(key) != SlotKey.unwrap(context.slotKey)) {
                (context.slotKey, context.slots) = (key, _slots[key]);
            }
            if (account.word().floored()) {
                if (nonce.epoch() <= _epochFloors[account.id()])
                    return order.open(uint256(Verdict.Replaced), price, 0, 0);
            }
            Slot slot = context.slots.slotAt(nonce);
            uint256 epoch = slot.epoch();
            if (epoch < nonce.epoch()) return order.open(0, price, size, 0);
            if (epoch > nonce.epoch()) return order.open(uint256(Verdict.Replaced), price, 0, 0);
            uint256 filled = slot.filled();
            if (filled == CANCELLED) return order.open(uint256(Verdict.Cancelled), price, 0, 0);
            return order.open(0, price, size > filled ? size - filled : 0, filled);
        }
    }

    /// @dev EIP-712 domain separator of the signed types.
    function _domain() internal view virtual returns (bytes32);
}
