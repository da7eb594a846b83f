// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {AccountId, MarketId, SlotKey} from "../types/Ids.sol";
import {Layout, Layouts} from "../types/Layout.sol";
import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveBatch, LiveBatches} from "../types/LiveBatch.sol";
import {LiveMarket, Settled} from "../types/LiveMarket.sol";
import {FLAG_IMMEDIATE, FORCED, LiveOrder, OrderTable} from "../types/LiveOrder.sol";
import {Holding, LivePosition} from "../types/LivePosition.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Price, Quote, Size, Sizes} from "../types/Quantities.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {MAKER_SIDE, TAKER_SIDE, Verdict} from "../types/Verdict.sol";
import {BatchLayout} from "../libraries/BatchLayout.sol";
import {FillRecords} from "../libraries/FillRecords.sol";
import {FillRules} from "../libraries/FillRules.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {LiquidationRules} from "../libraries/LiquidationRules.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {BatchLoading} from "./BatchLoading.sol";
import {SignedDomain} from "./SignedDomain.sol";

/// @notice The only door from off-chain: checks a batch, applies its legal fills in order, writes every word once.
/// @dev Arithmetic is unchecked throughout, for the reasons given in `Quantities` and `BatchLoading`.
abstract contract BatchSettlement is BatchLoading, SignedDomain {
    /// @inheritdoc IPerpPositions
    function settle(bytes calldata batch) external {
        TallyWord counts = _tally;
        Layout plan = BatchLayout.read(batch);
        _checkTurn(counts, plan.number());
        LiveBatch live = LiveBatches.reserve(plan, counts.maxMarkets());
        _prepareMarkets(live, plan, counts.bandBps());
        bytes memory records = _fillAll(live, plan, _loadTables(live, plan));
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
        return _fillAll(live, plan, _loadTables(live, plan));
    }

    /// @dev The operator may settle at any time, everybody else once it has been silent for long.
    function _checkTurn(TallyWord counts, uint256 number) private view {
        if (msg.sender != counts.operator()) {
            if (counts.isFrozen()) revert Positions_Frozen();
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
                MarketWord word = _markets[id];
                if (word.isDue()) word = _prepared(id);
                _loadMarket(market, id, word, bandBps);
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
    function _fillAll(LiveBatch live, Layout plan, uint256 table) private view returns (bytes memory records) {
        unchecked {
            uint256 fills = plan.fills();
            OrderTable orders = live.orders();
            OrderTable end = orders.skip(plan.levels());
            records = FillRecords.create(fills);
            for (uint256 i; i < fills; ++i) {
                uint256 entry = BatchLayout.word(table + Layouts.FILL * i);
                OrderTable makerPlace = orders.skip(entry >> 240);
                OrderTable takerPlace = orders.skip(uint16(entry >> 224));
                if (!makerPlace.isBefore(end)) revert Batch_FillOutOfRange(i);
                if (!takerPlace.isBefore(end)) revert Batch_FillOutOfRange(i);
                uint256 size = uint32(entry >> 192);
                LiveOrder maker = makerPlace.first();
                LiveOrder taker = takerPlace.first();
                uint256 verdict = _fill(maker, taker, size);
                if (verdict == 0) {
                    makerPlace.put(maker.take(size));
                    takerPlace.put(taker.take(size));
                } else if (verdict == uint256(Verdict.Liquidated)) {
                    makerPlace.put(maker.take(size));
                    takerPlace.put(taker.drain(size));
                    uint256 penalty = taker.position().market().penalty();
                    FillRecords.put(records, i, maker.liquidationRecord(taker, size, penalty));
                    continue;
                }
                FillRecords.put(records, i, maker.record(taker, size, verdict));
            }
        }
    }

    /// @dev Applies a fill to both sides, or to none. Returns its verdict with the side.
    function _fill(LiveOrder maker, LiveOrder taker, uint256 size) private view returns (uint256 verdict) {
        unchecked {
            LivePosition position = maker.position();
            LiveMarket market = position.market();
            Quote need = Size.wrap(int256(size)).times(market.lotMarginUp());
            Quote takerNeed = need;
            if (!FillRules.allows(maker, taker, market, size)) {
                if (taker.status() == FORCED) return _liquidate(maker, taker.unforced(), market, size);
                verdict = FillRules.pairVerdict(maker, taker, market, size);
                if (verdict != 0) return verdict;
                // The pair is good: a position is large.
                Size lots = Sizes.signed(size, taker.sellMask());
                if (FillRules.isTooLarge(position, -lots)) return uint256(Verdict.PositionTooLarge) | MAKER_SIDE;
                if (FillRules.isTooLarge(taker.position(), lots)) return uint256(Verdict.PositionTooLarge) | TAKER_SIDE;
                takerNeed = need + FillRules.surcharge(taker.position(), lots);
                need = need + FillRules.surcharge(position, -lots);
            }
            uint256 value = size * Price.unwrap(maker.price());
            MarketWord word = market.word();
            uint256 notional = value * word.unit();
            uint256 makerFee = FillRules.feeUp(notional, word.makerFee());
            uint256 takerFee = FillRules.feeUp(notional, word.takerFee());
            // Seen from the taker: a buyer receives lots at the mark and pays the notional. The maker has the opposite.
            uint256 sellMask = taker.sellMask();
            Size bought = Sizes.signed(size, sellMask);
            Quote gain = Size.wrap(int256(size)).times(market.lotValue()).less(notional).signed(sellMask);
            Holding before = position.holding();
            int256 closed = FillRules.take(maker, -bought, (-gain).less(makerFee), need);
            if (closed < 0) return uint256(-closed) | MAKER_SIDE;
            int256 more = FillRules.take(taker, bought, gain.less(takerFee), takerNeed);
            if (more < 0) {
                FillRules.undo(position, before, (-gain).less(makerFee));
                return uint256(-more) | TAKER_SIDE;
            }
            Settled settled = market.settled().plus(size, value).closing(uint256(closed + more));
            market.setSettled(settled.charging(makerFee + takerFee));
        }
    }

    /// @dev Fills a liquidation order: towards safety, no more than is needed, and with no more for the account than closing at the
    /// mark would leave it. What lies above the mark goes to the fund with the penalty, which takes no more than there is.
    function _liquidate(
        LiveOrder maker,
        LiveOrder taker,
        LiveMarket market,
        uint256 size
    ) private view returns (uint256 verdict) {
        unchecked {
            verdict = FillRules.pairVerdict(maker, taker, market, size);
            if (verdict != 0) return verdict;
            LiveAccount account = taker.position().account();
            bool fund = account.id() == AccountId.wrap(0);
            (, , Quote staleMargin) = _survey(account);
            // The excess counts that margin as needed: it is neither needed here nor missing.
            Quote favour = staleMargin + staleMargin;
            Quote before = account.trueExcess() + favour;
            if (!fund && !before.isNegative()) return uint256(Verdict.NotLiquidatable) | TAKER_SIDE;
            uint256 notional = size * Price.unwrap(maker.price()) * market.word().unit();
            uint256 sellMask = taker.sellMask();
            Size bought = Sizes.signed(size, sellMask);
            Quote gain = Size.wrap(int256(size)).times(market.lotValue()).less(notional).signed(sellMask);
            uint256 fee = FillRules.feeUp(notional, market.word().makerFee());
            Holding held = maker.position().holding();
            int256 closed = FillRules.takeAny(maker, -bought, (-gain).less(fee));
            if (closed < 0) return uint256(-closed) | MAKER_SIDE;
            uint256 penalty = fund ? 0 : FillRules.penalty(account, gain, notional, market.penaltyPpm());
            Holding own = taker.position().holding();
            int256 more = FillRules.takeAny(taker, bought, gain.less(penalty));
            bool excessive = !fund && !LiquidationRules.isNeeded(size, before, account.trueExcess() + favour);
            // A record has 48 bits for the penalty.
            if (more >= 0 && (excessive || penalty >> 48 != 0)) {
                FillRules.undo(taker.position(), own, gain.less(penalty));
                more = -int256(uint256(Verdict.MoreThanNeeded));
            }
            if (more < 0) {
                FillRules.undo(maker.position(), held, (-gain).less(fee));
                return uint256(-more) | TAKER_SIDE;
            }
            // No sample of the premium. The account's lots were all closed, so what the maker closed is what is open less.
            Settled settled = market.settled().closing(uint256(closed));
            market.setSettled(settled.charging(fee + penalty).liquidating());
            market.setPenalty(penalty);
            return uint256(Verdict.Liquidated);
        }
    }

    /// @dev Writes the positions that traded and counts their accounts' open markets.
    function _writePositions(LiveBatch live, Layout plan) private {
        unchecked {
            LivePosition position = live.positions();
            LivePosition end = position.skip(plan.positions());
            while (!position.equals(end)) {
                if (position.holding().isChanged()) _writePosition(position);
                position = position.skip(1);
            }
        }
    }

    function _writePosition(LivePosition position) private {
        unchecked {
            LiveMarket market = position.market();
            Size size = position.holding().size();
            Quote quote = position.holding().worth() - size.times(market.lotValue());
            PositionWord word = PositionWords.pack(size, quote, market.index());
            _positions[position.tag().positionKey()] = word;
            if (word.isOpen() != position.holding().wasOpen()) position.account().countOpen(word.isOpen());
        }
    }

    /// @dev Writes the accounts whose nonce or number of open markets changed.
    function _writeAccounts(LiveBatch live, Layout plan) private {
        unchecked {
            LiveAccount account = live.accounts();
            LiveAccount end = account.skip(plan.accounts());
            while (!account.equals(end)) {
                AccountWord next = account.next();
                if (AccountWord.unwrap(next) != AccountWord.unwrap(account.word())) _accounts[account.id()] = next;
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
                    LiveAccount account = order.position().account();
                    account.setNext(account.next().withNonce(nonce.epoch()));
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
                if (!settled.isEmpty()) {
                    traded = true;
                    ActivityBox storage box = _activities[market.id()];
                    box.word = _after(box.word, market, settled);
                }
                market = market.skip(1);
            }
        }
    }

    /// @dev A market's activity with what the batch settled: the sample before counts until now, the new one from now on. The
    /// open interest may fall, or grow up to its cap; only a batch can make it grow, so who built the batch could know.
    function _after(ActivityWord activity, LiveMarket market, Settled settled) private view returns (ActivityWord) {
        unchecked {
            int256 grown = settled.grown();
            uint256 open = uint256(int256(activity.openInterest()) + grown);
            if (grown > 0) {
                uint256 cap = activity.openInterestCap().lots();
                if (open > cap) revert Batch_OpenInterestAboveCap(market.id(), open, cap);
            }
            _checkFees(activity, settled.fees());
            if (settled.volume() != 0) {
                int256 premium = FundingMath.premium(settled.volume(), settled.value(), market.word().mark());
                activity = activity.withSample(premium, FundingMath.weightedUntil(activity, block.timestamp));
            }
            return activity.plus(grown, settled.fees());
        }
    }

    function _domain() internal view override returns (bytes32) {
        return _domainSeparator();
    }
}
