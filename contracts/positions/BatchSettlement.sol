// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AccountWord} from "../types/AccountWord.sol";
import {MarketId, SlotKey, positionKey} from "../types/Ids.sol";
import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveBatch} from "../types/LiveBatch.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_IMMEDIATE, FLAG_REDUCE_ONLY, LiveOrder, OrderTable} from "../types/LiveOrder.sol";
import {LivePosition, STATE_CHANGED} from "../types/LivePosition.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {MAKER_SIDE, TAKER_SIDE} from "../types/Verdict.sol";
import {BatchLayout, Layout} from "../libraries/BatchLayout.sol";
import {FillRules} from "../libraries/FillRules.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {IPerpPositions, Settings, Tally} from "../interfaces/IPerpPositions.sol";
import {BatchLoading} from "./BatchLoading.sol";

/// @notice The only door from off-chain: checks a batch, applies its legal fills in order, writes every word once.
/// @dev Arithmetic is unchecked throughout, for the reasons given in `Quantities` and `BatchLoading`.
abstract contract BatchSettlement is BatchLoading, EIP712 {
    /// @inheritdoc IPerpPositions
    function settle(bytes calldata batch) external {
        Settings memory rules = _settings;
        Tally memory counts = _tally;
        Layout memory plan = BatchLayout.read(batch);
        _checkTurn(rules, counts, plan.number);
        LiveBatch memory live;
        _reserve(live, plan);
        _prepareMarkets(live, plan, rules);
        _loadTables(live, plan);
        bytes memory records = _fillAll(live, plan, rules.maxMarkets);
        _writeOrders(live, plan);
        _writePositions(live, plan);
        _writeAccounts(live, plan);
        _carryCancels(live, plan);
        bool traded = _hasTraded(live, plan);
        if (!traded && msg.sender != rules.operator) revert Batch_NothingSettled(plan.number);
        // Only a settled fill breaks the silence after which anyone may settle.
        uint40 settledAt = traded ? uint40(block.timestamp) : counts.settledAt;
        _tally = Tally(counts.number + 1, settledAt, counts.fees + uint168(live.fees));
        emit BatchSettled(counts.number, records);
        _reportVolumes(live, plan);
    }

    /// @inheritdoc IPerpPositions
    function simulate(bytes calldata batch) external view returns (bytes memory records) {
        Settings memory rules = _settings;
        Layout memory plan = BatchLayout.read(batch);
        if (plan.number != _tally.number) revert Batch_NumberWrong(plan.number, _tally.number);
        LiveBatch memory live;
        _reserve(live, plan);
        _peekMarkets(live, plan, rules);
        _loadTables(live, plan);
        return _fillAll(live, plan, rules.maxMarkets);
    }

    /// @dev The operator may settle at any time, everybody else once it has been silent for long.
    function _checkTurn(Settings memory rules, Tally memory counts, uint256 number) private view {
        if (msg.sender != rules.operator) {
            uint256 openFrom = uint256(counts.settledAt) + rules.openAfter;
            if (block.timestamp < openFrom) revert Batch_CallerNotOperator(msg.sender, rules.operator, openFrom);
        }
        if (number != counts.number) revert Batch_NumberWrong(number, counts.number);
    }

    /// @dev Loads the markets, their funding accrued.
    function _prepareMarkets(LiveBatch memory live, Layout memory plan, Settings memory rules) private {
        unchecked {
            MarketId id;
            LiveMarket market = live.markets;
            for (uint256 i; i < plan.markets; ++i) {
                id = _marketId(plan, i, id);
                _loadMarket(market, id, INDEX.prepare(id), rules);
                market = market.skip(1);
            }
        }
    }

    /// @dev Loads the markets as `_prepareMarkets` would, without changing anything.
    function _peekMarkets(LiveBatch memory live, Layout memory plan, Settings memory rules) private view {
        unchecked {
            MarketId id;
            LiveMarket market = live.markets;
            for (uint256 i; i < plan.markets; ++i) {
                id = _marketId(plan, i, id);
                _loadMarket(market, id, INDEX.peek(id), rules);
                market = market.skip(1);
            }
        }
    }

    /// @dev Settles or skips every fill, in the order of the table; returns their records.
    function _fillAll(
        LiveBatch memory live,
        Layout memory plan,
        uint256 maxMarkets
    ) private pure returns (bytes memory records) {
        unchecked {
            uint256 fills = plan.fills;
            uint256 levels = plan.levels;
            uint256 table = plan.fillTable;
            OrderTable orders = live.orders;
            records = new bytes(fills << 5);
            for (uint256 i; i < fills; ++i) {
                uint256 entry = BatchLayout.word(table + 8 * i);
                uint256 makerIndex = entry >> 240;
                uint256 takerIndex = uint16(entry >> 224);
                if (makerIndex >= levels) revert Batch_FillOutOfRange(i);
                if (takerIndex >= levels) revert Batch_FillOutOfRange(i);
                uint256 size = uint32(entry >> 192);
                LiveOrder maker = orders.get(makerIndex);
                LiveOrder taker = orders.get(takerIndex);
                uint256 verdict = _fill(live, maker, taker, size, maxMarkets);
                if (verdict == 0) {
                    orders.put(makerIndex, maker.take(size));
                    orders.put(takerIndex, taker.take(size));
                }
                uint256 record = maker.record(taker, size, verdict);
                assembly ("memory-safe") {
                    mstore(add(add(records, 32), shl(5, i)), record)
                }
            }
        }
    }

    /// @dev Applies a fill to both sides, or to none. Returns its verdict with the side.
    function _fill(
        LiveBatch memory live,
        LiveOrder maker,
        LiveOrder taker,
        uint256 size,
        uint256 maxMarkets
    ) private pure returns (uint256 verdict) {
        unchecked {
            LivePosition position = maker.position();
            LiveMarket market = position.market();
            if (!FillRules.allows(maker, taker, market, size)) return FillRules.pairVerdict(maker, taker, market, size);
            uint256 value = size * Price.unwrap(maker.price());
            uint256 notional = value * market.word().unit();
            // Seen from the taker: a buyer receives lots and pays the notional.
            uint256 mask = taker.sellMask();
            Size bought = Size.wrap(int256((size ^ mask) - mask));
            Quote cost = Quote.wrap(int256((notional ^ mask) - mask));
            uint256 makerFee = FillRules.feeUp(notional, market.word().makerFee());
            uint256 takerFee = FillRules.feeUp(notional, market.word().takerFee());
            uint256 state = position.state();
            Size sold = Size.wrap(-Size.unwrap(bought));
            Quote paid = Quote.wrap(int256(makerFee)) - cost;
            verdict = FillRules.take(position, market, sold, paid, maker.has(FLAG_REDUCE_ONLY), maxMarkets);
            if (verdict != 0) return verdict | MAKER_SIDE;
            paid = cost + Quote.wrap(int256(takerFee));
            LivePosition taken = taker.position();
            verdict = FillRules.take(taken, market, bought, paid, taker.has(FLAG_REDUCE_ONLY), maxMarkets);
            if (verdict != 0) {
                FillRules.undo(position, market, sold, Quote.wrap(int256(makerFee)) - cost, state);
                return verdict | TAKER_SIDE;
            }
            market.addSettled(size, value);
            live.fees += makerFee + takerFee;
        }
    }

    /// @dev Writes the positions that traded and counts their accounts' open markets.
    function _writePositions(LiveBatch memory live, Layout memory plan) private {
        unchecked {
            LivePosition position = live.positions;
            LivePosition end = position.skip(plan.positions);
            while (LivePosition.unwrap(position) != LivePosition.unwrap(end)) {
                if (position.state() >= STATE_CHANGED) _writePosition(position);
                position = position.skip(1);
            }
        }
    }

    function _writePosition(LivePosition position) private {
        unchecked {
            LiveAccount account = position.account();
            LiveMarket market = position.market();
            PositionWord word = PositionWords.pack(position.size(), position.quote(), market.word().index());
            _positions[positionKey(account.id(), market.id())] = word;
            // Every changed position is counted: it was open before, or the batch opened it.
            if (!word.isOpen()) account.setOpenMarkets(account.openMarkets() - 1);
        }
    }

    /// @dev Writes the accounts whose nonce or number of open markets changed.
    function _writeAccounts(LiveBatch memory live, Layout memory plan) private {
        unchecked {
            LiveAccount account = live.accounts;
            LiveAccount end = account.skip(plan.accounts);
            while (LiveAccount.unwrap(account) != LiveAccount.unwrap(end)) {
                AccountWord word = account.word();
                AccountWord next = word.withNonce(account.nonce()).withOpenMarkets(account.openMarkets());
                if (AccountWord.unwrap(next) != AccountWord.unwrap(word)) _accounts[account.id()] = next;
                account = account.skip(1);
            }
        }
    }

    /// @dev Spends the immediate orders that filled, and writes the slots of the resting ones; neighbours share one write. Orders
    /// ascend, so of two numbers of an account, and of two epochs of a slot, the higher one comes later and stays.
    function _writeOrders(LiveBatch memory live, Layout memory plan) private {
        unchecked {
            uint256 levels = plan.levels;
            OrderTable orders = live.orders;
            SlotKey openKey = SlotKey.wrap(type(uint256).max);
            SlotsWord word;
            bool open;
            for (uint256 i; i < levels; ++i) {
                LiveOrder order = orders.get(i);
                if (!order.isTouched()) continue;
                Nonce nonce = order.nonce();
                if (order.has(FLAG_IMMEDIATE)) {
                    order.position().account().setNonce(nonce.epoch());
                    continue;
                }
                SlotKey key = order.slotsKey();
                if (SlotKey.unwrap(key) != SlotKey.unwrap(openKey)) {
                    if (open) _slots[openKey] = word;
                    (openKey, word, open) = (key, _slots[key], true);
                }
                word = word.withFilled(nonce, order.filled());
            }
            if (open) _slots[openKey] = word;
        }
    }

    /// @dev Cancels carried by the operator take effect after the batch's fills. A wrong signature is passed over, like a bad fill.
    function _carryCancels(LiveBatch memory live, Layout memory plan) private {
        unchecked {
            if (plan.cancels == 0) return;
            HashPad pad = OrderHashing.newPad(_domain());
            for (uint256 i; i < plan.cancels; ++i) {
                uint256 entry = BatchLayout.word(plan.cancelTable + 7 * i);
                LiveAccount account = live.accounts.skip(entry >> 240);
                Nonce nonce = Nonce.wrap(uint40(entry >> 200));
                bytes32 digest = OrderHashing.cancelDigest(pad, account.id(), nonce);
                address signer = OrderHashing.recover(digest, plan.signatures + BatchLayout.SIGNATURE * i);
                if (signer == address(0) || signer != account.word().signer()) continue;
                if (_kill(account.id(), nonce)) emit OrderCancelled(account.id(), uint40(Nonce.unwrap(nonce)));
            }
        }
    }

    function _hasTraded(LiveBatch memory live, Layout memory plan) private pure returns (bool) {
        unchecked {
            LiveMarket market = live.markets;
            for (uint256 i; i < plan.markets; ++i) {
                (uint256 volume, ) = market.settled();
                if (volume != 0) return true;
                market = market.skip(1);
            }
            return false;
        }
    }

    /// @dev Hands the settled volume of each traded market to `FundingIndex`.
    function _reportVolumes(LiveBatch memory live, Layout memory plan) private {
        unchecked {
            LiveMarket market = live.markets;
            for (uint256 i; i < plan.markets; ++i) {
                (uint256 volume, uint256 value) = market.settled();
                if (volume != 0) INDEX.record(market.id(), volume, value);
                market = market.skip(1);
            }
        }
    }

    /// @dev Recomputed when the chain id is no longer the one of the deployment.
    function _domain() internal view override returns (bytes32) {
        return _domainSeparatorV4();
    }
}
