// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {MarketId, SlotKey, positionKey} from "../types/Ids.sol";
import {Layout, Layouts} from "../types/Layout.sol";
import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveBatch, LiveBatches} from "../types/LiveBatch.sol";
import {LiveMarket, Settled} from "../types/LiveMarket.sol";
import {FLAG_IMMEDIATE, LiveOrder, OrderTable} from "../types/LiveOrder.sol";
import {LivePosition, Lots} from "../types/LivePosition.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Price, Quote, Size, Sizes} from "../types/Quantities.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {MAKER_SIDE, TAKER_SIDE} from "../types/Verdict.sol";
import {BatchLayout} from "../libraries/BatchLayout.sol";
import {FillRecords} from "../libraries/FillRecords.sol";
import {FillRules} from "../libraries/FillRules.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {BatchLoading} from "./BatchLoading.sol";

/// @notice The only door from off-chain: checks a batch, applies its legal fills in order, writes every word once.
/// @dev Arithmetic is unchecked throughout, for the reasons given in `Quantities` and `BatchLoading`.
abstract contract BatchSettlement is BatchLoading, EIP712 {
    /// @inheritdoc IPerpPositions
    function settle(bytes calldata batch) external {
        TallyWord counts = _tally;
        Layout plan = BatchLayout.read(batch);
        _checkTurn(counts, plan.number());
        LiveBatch live = LiveBatches.reserve(plan, counts.maxMarkets());
        _prepareMarkets(live, plan, counts.bandBps());
        _loadTables(live, plan);
        bytes memory records = _fillAll(live, plan);
        _writeOrders(live, plan);
        _writePositions(live, plan);
        _writeAccounts(live, plan);
        _carryCancels(live, plan);
        bool traded = _writeActivities(live, plan);
        if (!traded && msg.sender != counts.operator()) revert Batch_NothingSettled(plan.number());
        _tally = counts.next(traded);
        FillRecords.log(records, BatchSettled.selector, plan.number());
    }

    /// @inheritdoc IPerpPositions
    function simulate(bytes calldata batch) external view returns (bytes memory records) {
        TallyWord counts = _tally;
        Layout plan = BatchLayout.read(batch);
        if (plan.number() != counts.number()) revert Batch_NumberWrong(plan.number(), counts.number());
        LiveBatch live = LiveBatches.reserve(plan, counts.maxMarkets());
        _peekMarkets(live, plan, counts.bandBps());
        _loadTables(live, plan);
        return _fillAll(live, plan);
    }

    /// @dev The operator may settle at any time, everybody else once it has been silent for long.
    function _checkTurn(TallyWord counts, uint256 number) private view {
        if (msg.sender != counts.operator()) {
            uint256 openFrom = counts.settledAt() + _rules.openAfter;
            if (block.timestamp < openFrom) revert Batch_CallerNotOperator(msg.sender, counts.operator(), openFrom);
        }
        if (number != counts.number()) revert Batch_NumberWrong(number, counts.number());
    }

    /// @dev Loads the markets, their funding accrued.
    function _prepareMarkets(LiveBatch live, Layout plan, uint256 bandBps) private {
        unchecked {
            MarketId id;
            LiveMarket market = live.markets();
            for (uint256 i; i < plan.markets(); ++i) {
                id = _marketId(plan, i, id);
                _loadMarket(market, id, _prepared(id), bandBps);
                market = market.skip(1);
            }
        }
    }

    /// @dev Loads the markets as `_prepareMarkets` would, without changing anything.
    function _peekMarkets(LiveBatch live, Layout plan, uint256 bandBps) private view {
        unchecked {
            MarketId id;
            LiveMarket market = live.markets();
            for (uint256 i; i < plan.markets(); ++i) {
                id = _marketId(plan, i, id);
                _loadMarket(market, id, INDEX.peek(id), bandBps);
                market = market.skip(1);
            }
        }
    }

    /// @dev Settles or skips every fill, in the order of the table; returns their records.
    function _fillAll(LiveBatch live, Layout plan) private pure returns (bytes memory records) {
        unchecked {
            uint256 fills = plan.fills();
            uint256 levels = plan.levels();
            uint256 table = plan.fillTable();
            OrderTable orders = live.orders();
            records = FillRecords.create(fills);
            for (uint256 i; i < fills; ++i) {
                uint256 entry = BatchLayout.word(table + Layouts.FILL * i);
                uint256 makerIndex = entry >> 240;
                uint256 takerIndex = uint16(entry >> 224);
                if (makerIndex >= levels) revert Batch_FillOutOfRange(i);
                if (takerIndex >= levels) revert Batch_FillOutOfRange(i);
                uint256 size = uint32(entry >> 192);
                LiveOrder maker = orders.get(makerIndex);
                LiveOrder taker = orders.get(takerIndex);
                uint256 verdict = _fill(maker, taker, size);
                if (verdict == 0) {
                    orders.put(makerIndex, maker.take(size));
                    orders.put(takerIndex, taker.take(size));
                }
                FillRecords.put(records, i, maker.record(taker, size, verdict));
            }
        }
    }

    /// @dev Applies a fill to both sides, or to none. Returns its verdict with the side.
    function _fill(LiveOrder maker, LiveOrder taker, uint256 size) private pure returns (uint256 verdict) {
        unchecked {
            LivePosition position = maker.position();
            LiveMarket market = position.market();
            if (!FillRules.allows(maker, taker, market, size)) return FillRules.pairVerdict(maker, taker, market, size);
            uint256 value = size * Price.unwrap(maker.price());
            MarketWord word = market.word();
            uint256 notional = value * word.unit();
            uint256 makerFee = FillRules.feeUp(notional, word.makerFee());
            uint256 takerFee = FillRules.feeUp(notional, word.takerFee());
            // Seen from the taker: a buyer receives lots at the mark and pays the notional. The maker has the opposite.
            uint256 sellMask = taker.sellMask();
            Size bought = Sizes.signed(size, sellMask);
            Quote gain = Size.wrap(int256(size)).times(market.lotValue()).less(notional).signed(sellMask);
            Quote need = Size.wrap(int256(size)).times(market.lotMarginUp());
            Lots before = position.lots();
            verdict = FillRules.take(maker, -bought, (-gain).less(makerFee), need);
            if (verdict != 0) return verdict | MAKER_SIDE;
            verdict = FillRules.take(taker, bought, gain.less(takerFee), need);
            if (verdict != 0) {
                FillRules.undo(position, before, (-gain).less(makerFee));
                return verdict | TAKER_SIDE;
            }
            market.setSettled(market.settled().plus(size, value, makerFee + takerFee));
        }
    }

    /// @dev Writes the positions that traded and counts their accounts' open markets.
    function _writePositions(LiveBatch live, Layout plan) private {
        unchecked {
            LivePosition position = live.positions();
            LivePosition end = position.skip(plan.positions());
            while (!position.equals(end)) {
                if (position.lots().isChanged()) _writePosition(position);
                position = position.skip(1);
            }
        }
    }

    function _writePosition(LivePosition position) private {
        unchecked {
            LiveAccount account = position.account();
            LiveMarket market = position.market();
            Size size = position.lots().size();
            Quote quote = position.worth() - size.times(market.lotValue());
            PositionWord word = PositionWords.pack(size, quote, market.index());
            _positions[positionKey(account.id(), market.id())] = word;
            // Every changed position is counted: it was open before, or the batch opened it.
            if (!word.isOpen()) account.setRoom(account.room() + 1);
        }
    }

    /// @dev Writes the accounts whose nonce or number of open markets changed.
    function _writeAccounts(LiveBatch live, Layout plan) private {
        unchecked {
            LiveAccount account = live.accounts();
            LiveAccount end = account.skip(plan.accounts());
            while (!account.equals(end)) {
                AccountWord word = account.word();
                AccountWord next = word.withNonce(account.nonce()).withOpenMarkets(
                    account.openMarkets(live.maxMarkets())
                );
                if (AccountWord.unwrap(next) != AccountWord.unwrap(word)) _accounts[account.id()] = next;
                account = account.skip(1);
            }
        }
    }

    /// @dev Spends the immediate orders that filled, and writes the slots of the resting ones; neighbours share one write. Orders
    /// ascend, so of two numbers of an account, and of two epochs of a slot, the higher one comes later and stays.
    function _writeOrders(LiveBatch live, Layout plan) private {
        unchecked {
            OrderTable place = live.orders();
            OrderTable end = place.skip(plan.levels());
            SlotKey boxKey = SlotKey.wrap(type(uint256).max);
            SlotsBox storage box = _slots[boxKey];
            SlotsWord word;
            while (!place.equals(end)) {
                LiveOrder order = place.first();
                place = place.skip(1);
                if (!order.isTouched()) continue;
                Nonce nonce = order.nonce();
                if (order.has(FLAG_IMMEDIATE)) {
                    order.position().account().setNonce(nonce.epoch());
                    continue;
                }
                SlotKey key = order.slotsKey();
                if (SlotKey.unwrap(key) != SlotKey.unwrap(boxKey)) {
                    if (SlotsWord.unwrap(word) != 0) box.word = word;
                    (boxKey, box) = (key, _slots[key]);
                    word = box.word;
                }
                word = word.withFilled(nonce, order.filled());
            }
            if (SlotsWord.unwrap(word) != 0) box.word = word;
        }
    }

    /// @dev Cancels carried by the operator take effect after the batch's fills. A wrong signature is passed over, like a bad fill.
    function _carryCancels(LiveBatch live, Layout plan) private {
        unchecked {
            if (plan.cancels() == 0) return;
            HashPad pad = OrderHashing.newPad(_domain());
            for (uint256 i; i < plan.cancels(); ++i) {
                uint256 entry = BatchLayout.word(plan.cancelTable() + Layouts.CANCEL * i);
                LiveAccount account = live.accounts().skip(entry >> 240);
                Nonce nonce = Nonce.wrap(uint40(entry >> 200));
                bytes32 digest = OrderHashing.cancelDigest(pad, account.id(), nonce);
                address signer = OrderHashing.recover(digest, plan.cancelSignatures() + Layouts.SIGNATURE * i);
                if (signer == address(0) || signer != account.word().signer()) continue;
                if (_kill(account.id(), nonce)) emit OrderCancelled(account.id(), uint40(Nonce.unwrap(nonce)));
            }
        }
    }

    /// @dev Writes premium sample and fees of each market that traded; returns whether any did.
    function _writeActivities(LiveBatch live, Layout plan) private returns (bool traded) {
        unchecked {
            LiveMarket market = live.markets();
            for (uint256 i; i < plan.markets(); ++i) {
                Settled settled = market.settled();
                if (settled.volume() != 0) {
                    traded = true;
                    ActivityBox storage box = _activities[market.id()];
                    box.word = _sampled(box.word, settled, market.word().mark());
                }
                market = market.skip(1);
            }
        }
    }

    /// @dev A market's activity with what the batch settled: the sample before counts until now, the new one from now on.
    function _sampled(ActivityWord activity, Settled settled, Price mark) private view returns (ActivityWord) {
        int256 premium = FundingMath.premium(settled.volume(), settled.value(), mark);
        int256 weighted = FundingMath.weightedUntil(activity, block.timestamp);
        return activity.withSample(premium, weighted).withFees(settled.fees());
    }

    /// @dev Recomputed when the chain id is no longer the one of the deployment.
    function _domain() internal view override returns (bytes32) {
        return _domainSeparatorV4();
    }
}
