// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AccountWord} from "../types/AccountWord.sol";
import {BatchVolume, BatchVolumes} from "../types/BatchVolume.sol";
import {AccountId, MarketId, SlotKey, slotKey} from "../types/Ids.sol";
import {LiveAccount, LiveBatch, LiveMarket, LivePosition} from "../types/Live.sol";
import {FLAG_BUY, FLAG_IMMEDIATE, LiveOrder} from "../types/LiveOrder.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Price, Size} from "../types/Quantities.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";
import {BatchLayout, Layout} from "../libraries/BatchLayout.sol";
import {FillRules} from "../libraries/FillRules.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {IPerpPositions, Settings, Tally} from "../interfaces/IPerpPositions.sol";
import {positionKey} from "../types/Ids.sol";
import {BatchLoading} from "./BatchLoading.sol";

/// @notice The only door from off-chain: checks a batch, applies its legal fills in order, writes every word once.
abstract contract BatchSettlement is BatchLoading, EIP712 {
    /// @inheritdoc IPerpPositions
    function settle(bytes calldata batch) external {
        Settings memory rules = _settings;
        Tally memory counts = _tally;
        Layout memory plan = BatchLayout.read(batch);
        _checkTurn(rules, counts, plan.number);
        MarketId[] memory ids = _readMarkets(plan);
        LiveBatch memory live = _load(plan, rules, ids, INDEX.prepare(ids), _domainSeparatorV4());
        _fillAll(live, plan, rules.maxMarkets);
        _writePositions(live);
        _writeAccounts(live);
        _writeSlots(live);
        _carryCancels(live, plan);
        _tally = Tally(counts.number + 1, uint40(block.timestamp), counts.fees + uint168(live.fees));
        emit BatchSettled(counts.number, live.records);
        _report(live);
    }

    /// @inheritdoc IPerpPositions
    function simulate(bytes calldata batch) external view returns (bytes memory records) {
        Settings memory rules = _settings;
        Layout memory plan = BatchLayout.read(batch);
        if (plan.number != _tally.number) revert Batch_NumberWrong(plan.number, _tally.number);
        MarketId[] memory ids = _readMarkets(plan);
        LiveBatch memory live = _load(plan, rules, ids, INDEX.peek(ids), _domainSeparatorV4());
        _fillAll(live, plan, rules.maxMarkets);
        return live.records;
    }

    /// @dev The operator may settle at any time, everybody else once it has been silent for long.
    function _checkTurn(Settings memory rules, Tally memory counts, uint256 number) private view {
        if (msg.sender != rules.operator) {
            uint256 openFrom = uint256(counts.settledAt) + rules.openAfter;
            if (block.timestamp < openFrom) revert Batch_CallerNotOperator(msg.sender, rules.operator, openFrom);
        }
        if (number != counts.number) revert Batch_NumberWrong(number, counts.number);
    }

    function _fillAll(LiveBatch memory live, Layout memory plan, uint256 maxMarkets) private pure {
        bytes memory records = new bytes(plan.fills << 5);
        for (uint256 i; i < plan.fills; ++i) {
            uint256 entry = BatchLayout.word(plan.fillTable + 8 * i);
            uint256 makerIndex = entry >> 240;
            uint256 takerIndex = uint16(entry >> 224);
            if (makerIndex >= live.orders.length || takerIndex >= live.orders.length) revert Batch_FillOutOfRange(i);
            uint256 record = _fill(live, makerIndex, takerIndex, uint32(entry >> 192), maxMarkets);
            assembly ("memory-safe") {
                mstore(add(add(records, 32), shl(5, i)), record)
            }
        }
        live.records = records;
    }

    /// @dev Settles or skips one fill and returns its record.
    function _fill(LiveBatch memory live, uint256 makerIndex, uint256 takerIndex, uint256 size, uint256 maxMarkets)
        private
        pure
        returns (uint256 record)
    {
        LiveOrder maker = live.orders[makerIndex];
        LiveOrder taker = live.orders[takerIndex];
        LivePosition memory makerPosition = live.positions[maker.position()];
        LivePosition memory takerPosition = live.positions[taker.position()];
        uint256 verdict = FillRules.pairVerdict(maker, taker, makerPosition, takerPosition, size);
        if (verdict == 0) {
            verdict = _trade(live, maker, taker, makerPosition, takerPosition, size, maxMarkets);
            if (verdict == 0) {
                live.orders[makerIndex] = maker.take(size);
                live.orders[takerIndex] = taker.take(size);
                if (taker.has(FLAG_IMMEDIATE)) _spend(takerPosition.account, taker.nonce());
            }
        }
        return _record(maker, taker, makerPosition, takerPosition, size, verdict);
    }

    /// @dev Applies a fill to both sides, or to none.
    function _trade(
        LiveBatch memory live,
        LiveOrder maker,
        LiveOrder taker,
        LivePosition memory makerPosition,
        LivePosition memory takerPosition,
        uint256 size,
        uint256 maxMarkets
    ) private pure returns (uint256) {
        unchecked {
            LiveMarket memory market = makerPosition.market;
            uint256 value = size * Price.unwrap(maker.price());
            uint256 notional = value * market.unit;
            uint256 makerFee = FillRules.feeUp(notional, market.makerFee);
            uint256 takerFee = FillRules.feeUp(notional, market.takerFee);
            Size bought = Size.wrap(taker.has(FLAG_BUY) ? int256(size) : -int256(size));
            Size sold = Size.wrap(-Size.unwrap(bought));
            Verdict verdict =
                FillRules.sideVerdict(makerPosition, sold, notional, makerFee, maker.flags(), maxMarkets);
            if (verdict != Verdict.Settled) return uint256(verdict) | MAKER_SIDE;
            verdict = FillRules.sideVerdict(takerPosition, bought, notional, takerFee, taker.flags(), maxMarkets);
            if (verdict != Verdict.Settled) return uint256(verdict) | TAKER_SIDE;
            FillRules.commit(makerPosition);
            FillRules.commit(takerPosition);
            market.volume += size;
            market.value += value;
            live.fees += makerFee + takerFee;
            return 0;
        }
    }

    /// @dev Immediate orders at or below this number are spent from the next batch on.
    function _spend(LiveAccount memory account, Nonce nonce) private pure {
        uint256 number = Nonce.unwrap(nonce);
        if (number > account.nonce) account.nonce = number;
    }

    /// @dev `maker 32 · taker 32 · market 16 · price 32 · size 32 · maker nonce 40 · taker nonce 40 · flags 8 · verdict 8 · 0 16`.
    function _record(
        LiveOrder maker,
        LiveOrder taker,
        LivePosition memory makerPosition,
        LivePosition memory takerPosition,
        uint256 size,
        uint256 verdict
    ) private pure returns (uint256) {
        uint256 accounts = (uint256(AccountId.unwrap(makerPosition.account.id)) << 224) |
            (uint256(AccountId.unwrap(takerPosition.account.id)) << 192);
        uint256 trade = (uint256(MarketId.unwrap(makerPosition.market.id)) << 176) |
            (Price.unwrap(maker.price()) << 144) |
            (size << 112);
        uint256 nonces = (Nonce.unwrap(maker.nonce()) << 72) | (Nonce.unwrap(taker.nonce()) << 32);
        // Buy and immediate are the two lowest flags of an order, and of a record.
        return accounts | trade | nonces | ((taker.flags() & 3) << 24) | (verdict << 16);
    }

    /// @dev Writes the positions that traded and keeps their accounts' number of open markets.
    function _writePositions(LiveBatch memory live) private {
        for (uint256 i; i < live.accounts.length; ++i) {
            live.accounts[i].openMarkets = live.accounts[i].word.openMarkets();
        }
        for (uint256 i; i < live.positions.length; ++i) {
            LivePosition memory position = live.positions[i];
            if (!position.touched) continue;
            LiveAccount memory account = position.account;
            LiveMarket memory market = position.market;
            PositionWord word = PositionWords.pack(position.size, position.quote, market.index);
            _positions[positionKey(account.id, market.id)] = word;
            if (word.isOpen()) {
                if (!position.stored.isOpen()) ++account.openMarkets;
            } else if (position.stored.isOpen()) {
                --account.openMarkets;
            }
        }
    }

    /// @dev Writes the accounts whose nonce or number of open markets changed.
    function _writeAccounts(LiveBatch memory live) private {
        for (uint256 i; i < live.accounts.length; ++i) {
            LiveAccount memory account = live.accounts[i];
            AccountWord word = account.word.withNonce(account.nonce).withOpenMarkets(account.openMarkets);
            if (AccountWord.unwrap(word) != AccountWord.unwrap(account.word)) _accounts[account.id] = word;
        }
    }

    /// @dev Writes the slots of the resting orders that filled; neighbours share one write. Of two epochs of a slot the
    /// higher one comes later and stays.
    function _writeSlots(LiveBatch memory live) private {
        SlotKey openKey;
        SlotsWord word;
        bool open;
        for (uint256 i; i < live.orders.length; ++i) {
            LiveOrder order = live.orders[i];
            uint256 filled = order.filled();
            if (filled == 0 || order.has(FLAG_IMMEDIATE)) continue;
            Nonce nonce = order.nonce();
            SlotKey key = slotKey(live.positions[order.position()].account.id, nonce.slot());
            if (!open || SlotKey.unwrap(key) != SlotKey.unwrap(openKey)) {
                if (open) _slots[openKey] = word;
                (openKey, word, open) = (key, _slots[key], true);
            }
            word = word.withFilled(nonce, word.filledOf(nonce) + filled);
        }
        if (open) _slots[openKey] = word;
    }

    /// @dev Cancels carried by the operator take effect after the batch's fills. A wrong signature is passed over, like a bad fill.
    function _carryCancels(LiveBatch memory live, Layout memory plan) private {
        if (plan.cancels == 0) return;
        HashPad pad = OrderHashing.newPad(_domainSeparatorV4());
        for (uint256 i; i < plan.cancels; ++i) {
            uint256 entry = BatchLayout.word(plan.cancelTable + 7 * i);
            uint256 index = entry >> 240;
            if (index >= live.accounts.length) revert Batch_CancelOutOfRange(i, index);
            LiveAccount memory account = live.accounts[index];
            Nonce nonce = Nonce.wrap(uint40(entry >> 200));
            bytes32 digest = OrderHashing.cancelDigest(pad, account.id, nonce);
            address signer = OrderHashing.recover(digest, plan.signatures + BatchLayout.SIGNATURE * i);
            if (signer == address(0) || signer != account.word.signer()) continue;
            if (_kill(account.id, nonce)) emit OrderCancelled(account.id, uint40(Nonce.unwrap(nonce)));
        }
    }

    /// @dev Hands the settled volume of each traded market to `FundingIndex`.
    function _report(LiveBatch memory live) private {
        BatchVolume[] memory volumes = new BatchVolume[](live.markets.length);
        uint256 n;
        for (uint256 i; i < live.markets.length; ++i) {
            LiveMarket memory market = live.markets[i];
            if (market.volume == 0) continue;
            volumes[n++] = BatchVolumes.pack(market.id, market.volume, market.value);
        }
        if (n == 0) return;
        assembly ("memory-safe") {
            mstore(volumes, n)
        }
        INDEX.record(volumes);
    }
}
