// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, SlotKey} from "../types/Ids.sol";
import {Layout, Layouts} from "../types/Layout.sol";
import {LiveAccount, LiveAccounts, NO_KEY} from "../types/LiveAccount.sol";
import {LiveBatch} from "../types/LiveBatch.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {
    FLAG_BUY,
    FLAG_IMMEDIATE,
    FLAG_LADDER,
    FLAG_LIQUIDATION,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    LiveOrder,
    LiveOrders,
    OrderTable
} from "../types/LiveOrder.sol";
import {Holdings, LivePosition} from "../types/LivePosition.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {CANCELLED, Slot, SlotsWord} from "../types/SlotsWord.sol";
import {Verdict} from "../types/Verdict.sol";
import {BatchLayout} from "../libraries/BatchLayout.sol";
import {Margin} from "../libraries/Margin.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {LiquidationLoading} from "./LiquidationLoading.sol";

/// @notice Reads a batch into memory: every market, account, position and order once. Reverts on whatever is malformed.
/// @dev Arithmetic is unchecked throughout: counts and indexes have at most 16 bits, amounts at most 128.
abstract contract BatchLoading is LiquidationLoading {
    /// @dev Combinations of flags that an owner may sign: bit `f` stands for flags `f`. Immediate goes with neither post-only nor
    /// ladder; above 31 are those of a liquidation order, which nobody signs.
    uint256 private constant VALID_FLAGS = 0x33333f3f;

    /// @dev Flags of a record that neighbours mostly share: all but buy. The pad of the digests is written when they change.
    uint256 private constant STYLE = (FLAG_IMMEDIATE | FLAG_POST_ONLY | FLAG_REDUCE_ONLY) << 232;

    /// @dev What loading an order needs besides the order itself, and the slots word that was read last.
    struct OrderContext {
        HashPad pad;
        uint256 style;
        SlotKey slotKey;
        SlotsWord slots;
    }

    /// @dev Reads accounts, positions and orders into the tables of a batch. Markets come first; only the caller knows whether
    /// funding may be accrued. Returns where the fills begin.
    function _loadTables(LiveBatch live, Layout plan) internal view returns (uint256 fillTable) {
        _loadAccounts(live, plan);
        if (plan.cancels() != 0) _checkCancels(plan);
        return _loadOrders(live, plan);
    }

    /// @dev Cancels are applied after the fills, but a malformed one refuses the batch at once.
    function _checkCancels(Layout plan) private pure {
        unchecked {
            for (uint256 i; i < plan.cancels(); ++i) {
                uint256 index = BatchLayout.word(plan.cancelTable() + Layouts.CANCEL * i) >> 240;
                if (index >= plan.accounts()) revert Batch_CancelOutOfRange(i, index);
            }
        }
    }

    /// @dev Market `i` of the market table, which must be above `last`.
    function _marketId(Layout plan, uint256 i, MarketId last) internal pure returns (MarketId id) {
        unchecked {
            id = MarketId.wrap(uint16(BatchLayout.word(plan.marketTable() + 2 * i) >> 240));
            if (MarketId.unwrap(id) <= MarketId.unwrap(last)) revert Batch_MarketsNotAscending(i);
        }
    }

    function _loadMarket(LiveMarket market, MarketId id, MarketWord word, uint256 bandBps) internal view {
        unchecked {
            // The barrier is `OUT_OF_REACH` or nothing.
            market.begin(id, word, Quote.wrap(int256(word.barrier())));
            uint256 mark = Price.unwrap(word.mark());
            uint256 band = Margin.bandDown(word.mark(), bandBps);
            Quote lotValue = Margin.lotValue(word);
            Quote lotMarginUp = Margin.marginUp(lotValue, word.initialBps());
            market.setPrices(Price.wrap(mark - band), Price.wrap(mark + band), lotValue, lotMarginUp);
        }
    }

    function _loadAccounts(LiveBatch live, Layout plan) private view {
        unchecked {
            uint256 offset = plan.accountTable();
            LiveAccount account = live.accounts();
            LiveAccount end = account.skip(plan.accounts());
            LivePosition position = live.positions();
            // One more than the last account: 0, the insurance fund's, may be named.
            uint256 above;
            while (!account.equals(end)) {
                uint256 id = BatchLayout.word(offset) >> 224;
                if (id < above) revert Batch_AccountsNotAscending(_place(live, account));
                above = id + 1;
                (position, offset) = _loadAccount(live, account, position, offset);
                account = account.skip(1);
            }
            if (position.isBefore(live.positionsEnd())) revert Batch_PositionCountWrong(plan.accounts());
        }
    }

    /// @dev Loads an account and its positions: `account 32 · markets 8` and one market index each at `offset`. Returns where the
    /// next one begins, in the position table and in calldata.
    function _loadAccount(
        LiveBatch live,
        LiveAccount account,
        LivePosition position,
        uint256 offset
    ) private view returns (LivePosition, uint256) {
        unchecked {
            uint256 head = BatchLayout.word(offset);
            AccountWord word = _accounts[AccountId.wrap(uint32(head >> 224))];
            account.begin((head >> 224) << 224, word, position, live.maxMarkets());
            LivePosition end = position.skip(uint8(head >> 216));
            if (live.positionsEnd().isBefore(end)) revert Batch_PositionCountWrong(_place(live, account));
            offset += 5;
            // One more than the last index, so that zero stands for none.
            uint256 above;
            uint256 unseen = word.openMarkets();
            while (!position.equals(end)) {
                uint256 index = BatchLayout.byteAt(offset++);
                if (index < above) revert Batch_MarketIndexWrong(account.id(), index);
                if (index >= live.marketCount()) revert Batch_MarketIndexWrong(account.id(), index);
                above = index + 1;
                unseen -= _loadPosition(position, account, live.markets().skip(index));
                position = position.skip(1);
            }
            if (unseen != 0) account.setKey(NO_KEY);
            return (position, offset);
        }
    }

    /// @dev Loads one position into its record and its account's; returns 1 when it is open, otherwise 0.
    function _loadPosition(
        LivePosition position,
        LiveAccount account,
        LiveMarket market
    ) private view returns (uint256) {
        LiveOrder tag = LiveOrders.tag(account.tag(), market.tag(), position);
        PositionWord stored = _positions[tag.positionKey()];
        Quote excess = account.excess() - market.reach();
        if (!stored.isOpen()) {
            // Positions that a batch may open are counted as it names them: orders in one too many are dead.
            position.begin(account, market, account.takeRoom() ? tag : tag.refuse(uint256(Verdict.TooManyMarkets)));
            position.setHolding(Holdings.none());
            account.setExcess(excess);
            return 0;
        }
        Size size = stored.size();
        Quote worth = stored.quoteAfterFundingDown(market.index()) + size.times(market.lotValue());
        position.begin(account, market, tag);
        position.setHolding(Holdings.open(size, worth));
        // Spelt out, because a call costs as much as the test.
        uint256 lots = size.abs();
        if (lots > market.tier()) lots = Margin.weighted(lots, market.tier());
        account.setExcess(excess + worth - Margin.required(lots, market.lotMarginUp()));
        return 1;
    }

    /// @dev Place of an account in its table.
    function _place(LiveBatch live, LiveAccount account) private pure returns (uint256) {
        unchecked {
            return (LiveAccount.unwrap(account) - LiveAccount.unwrap(live.accounts())) / (LiveAccounts.WORDS * 32);
        }
    }

    /// @dev Reads the order table. Orders ascend strictly by (account, kind, nonce): no order stands twice, and neighbouring
    /// slots meet. Returns where the table ends.
    function _loadOrders(LiveBatch live, Layout plan) private view returns (uint256 offset) {
        unchecked {
            if (plan.orders() > plan.levels()) revert Batch_LevelCountWrong(plan.orders(), plan.levels());
            OrderContext memory context = OrderContext(
                OrderHashing.newPad(_domain()),
                0,
                SlotKey.wrap(type(uint256).max),
                SlotsWord.wrap(0)
            );
            offset = plan.orderTable();
            uint256 signature = plan.orderSignatures();
            OrderTable next = live.orders();
            while (signature != plan.end()) {
                uint256 record = BatchLayout.word(offset);
                LivePosition position = live.positions().skip(record >> 240);
                if (!position.isBefore(live.positionsEnd())) {
                    revert Batch_PositionOutOfRange(_signedPlace(plan, signature), record >> 240);
                }
                // Single orders have two branches alike: one for both costs each signed order a hundred gas.
                if ((VALID_FLAGS >> uint8(record >> 232)) & 1 == 0) {
                    LiveOrder order = _loadLiquidation(plan, position, record, signature);
                    if (order.key() <= next.last().key())
                        revert Batch_OrdersNotAscending(_signedPlace(plan, signature));
                    next = next.append(order);
                    offset += Layouts.ORDER;
                } else if (record & (FLAG_LADDER << 232) == 0) {
                    LiveOrder order = position.tag().read(record);
                    if (order.key() <= next.last().key())
                        revert Batch_OrdersNotAscending(_signedPlace(plan, signature));
                    next = next.append(_loadOrder(context, order, record, signature));
                    offset += Layouts.ORDER;
                } else {
                    _checkLadder(live, plan, record, signature, next);
                    next = _loadLadder(plan, context, position, offset, signature, next);
                    offset += Layouts.LADDER + Layouts.LEVEL * uint8(record >> 224);
                }
                signature += Layouts.SIGNATURE;
            }
            if (offset != plan.fillTable()) revert Batch_OrderTableLength(offset - plan.orderTable());
            uint256 levels = next.since(live.orders());
            if (levels != plan.levels()) revert Batch_LevelCountWrong(levels, plan.levels());
        }
    }

    /// @dev Place in the order table of the record with the signature at `signature`.
    function _signedPlace(Layout plan, uint256 signature) private pure returns (uint256) {
        unchecked {
            return (signature - plan.orderSignatures()) / Layouts.SIGNATURE;
        }
    }

    /// @dev A liquidation order: laid out like a single order, immediate and reduce-only, without a signature. Any other flags that
    /// are not valid end here.
    function _loadLiquidation(
        Layout plan,
        LivePosition position,
        uint256 record,
        uint256 signature
    ) private view returns (LiveOrder order) {
        uint256 flags = uint8(record >> 232);
        if (flags & ~FLAG_BUY != FLAG_LIQUIDATION | FLAG_REDUCE_ONLY | FLAG_IMMEDIATE) {
            revert Batch_FlagsMalformed(_signedPlace(plan, signature), flags);
        }
        if (BatchLayout.word(signature) | BatchLayout.word(signature + 32) != 0) {
            revert Batch_SignatureNotEmpty(_signedPlace(plan, signature));
        }
        order = _loadForced(position, record);
        if (!order.nonce().isNumber()) revert Batch_NonceMalformed(Nonce.unwrap(order.nonce()));
    }

    /// @dev A single order: `position 16 · flags 8 · price 32 · size 32 · expiry 32 · nonce 40` on top of `record`.
    function _loadOrder(
        OrderContext memory context,
        LiveOrder order,
        uint256 record,
        uint256 signature
    ) private view returns (LiveOrder) {
        LiveAccount account = order.position().account();
        uint256 style = record & STYLE;
        if (style != context.style) {
            context.style = style;
            OrderHashing.setStyle(context.pad, record >> 232);
        }
        bytes32 digest = OrderHashing.orderDigest(context.pad, order.account(), order.market(), record);
        // As `_signedStatus`, spelt out: a good order needs no call.
        uint256 recovered = uint160(OrderHashing.recover(digest, signature));
        uint256 status;
        if (recovered != account.key() || block.timestamp > uint32(record >> 136)) {
            status = _refusedStatus(account, recovered, uint32(record >> 136));
        }
        if (order.has(FLAG_IMMEDIATE)) {
            Nonce nonce = order.nonce();
            if (!nonce.isNumber()) revert Batch_NonceMalformed(Nonce.unwrap(nonce));
            if (status == 0) {
                if (Nonce.unwrap(nonce) > account.word().nonce()) return order;
                status = uint256(Verdict.Spent);
            }
        } else {
            if (status == 0) return _openResting(context, order, account);
        }
        return order.refuse(status);
    }

    /// @dev A ladder, one signature over resting levels in consecutive slots:
    /// `position 16 · flags 8 · levels 8 · expiry 32 · nonce 40`, then `price 32 · size 32` each. Returns where the next order
    /// goes.
    function _loadLadder(
        Layout plan,
        OrderContext memory context,
        LivePosition position,
        uint256 offset,
        uint256 signature,
        OrderTable next
    ) private view returns (OrderTable) {
        unchecked {
            uint256 record = BatchLayout.word(offset);
            uint256 status = _ladderStatus(context, position, record, offset + Layouts.LADDER, signature);
            for (uint256 k; k < uint8(record >> 224); ++k) {
                uint256 entry = BatchLayout.word(offset + Layouts.LADDER + Layouts.LEVEL * k);
                uint256 nonce = uint40(record >> 152) + (k << 32);
                LiveOrder order = position.tag().readLevel(uint8(record >> 232), nonce, entry);
                if (order.key() <= next.last().key()) revert Batch_OrdersNotAscending(_signedPlace(plan, signature));
                order = status == 0 ? _openResting(context, order, position.account()) : order.refuse(status);
                next = next.append(order);
            }
            return next;
        }
    }

    /// @dev A ladder must fit its slots and the level table, in which every record that follows needs a level of its own.
    function _checkLadder(
        LiveBatch live,
        Layout plan,
        uint256 record,
        uint256 signature,
        OrderTable next
    ) private pure {
        unchecked {
            uint256 place = _signedPlace(plan, signature);
            uint256 room = plan.levels() - next.since(live.orders()) - (plan.orders() - place - 1);
            uint256 count = uint8(record >> 224);
            uint256 first = uint40(record >> 152);
            if (count == 0 || (first >> 32) + count > 256) revert Batch_LadderMalformed(place, count, first);
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

    /// @dev What can be said of an order before its nonce is looked at; zero when nothing speaks against it. A failed
    /// recovery is zero, which is nobody's key.
    function _signedStatus(
        LiveAccount account,
        bytes32 digest,
        uint256 signature,
        uint256 expiry
    ) private view returns (uint256) {
        uint256 recovered = uint160(OrderHashing.recover(digest, signature));
        if (recovered == account.key()) {
            if (block.timestamp <= expiry) return 0;
        }
        return _refusedStatus(account, recovered, expiry);
    }

    /// @dev Why `_signedStatus` refused, in the order of the verdicts.
    function _refusedStatus(LiveAccount account, uint256 recovered, uint256 expiry) private view returns (uint256) {
        uint256 signer = uint160(account.word().signer());
        if (signer == 0 || recovered != signer) return uint256(Verdict.BadSignature);
        return uint256(block.timestamp > expiry ? Verdict.Expired : Verdict.IncompleteAccount);
    }

    /// @dev A resting order as its slot leaves it: live with what is left of its size, replaced or cancelled.
    function _openResting(
        OrderContext memory context,
        LiveOrder order,
        LiveAccount account
    ) private view returns (LiveOrder) {
        unchecked {
            Nonce nonce = order.nonce();
            SlotKey key = order.slotsKey();
            if (SlotKey.unwrap(key) != SlotKey.unwrap(context.slotKey)) {
                (context.slotKey, context.slots) = (key, _slots[key].word);
            }
            if (account.word().floored()) {
                if (nonce.epoch() <= _epochFloors[account.id()]) return order.refuse(uint256(Verdict.Replaced));
            }
            Slot slot = context.slots.slotAt(nonce);
            uint256 epoch = slot.epoch();
            if (epoch < nonce.epoch()) return order;
            if (epoch > nonce.epoch()) return order.refuse(uint256(Verdict.Replaced));
            uint256 filled = slot.filled();
            if (filled == CANCELLED) return order.refuse(uint256(Verdict.Cancelled));
            return order.resume(filled);
        }
    }

    /// @dev EIP-712 domain separator of the signed types.
    function _domain() internal view virtual returns (bytes32);
}
