// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ForcedClose, ForcedRequest, RequestStatus} from "../types/ForcedRequest.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {Counterparty, RestingOrder} from "../types/RestingOrder.sol";
import {FillRules} from "../libraries/FillRules.sol";
import {LiquidationRules} from "../libraries/LiquidationRules.sol";
import {Margin} from "../libraries/Margin.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {Words} from "../libraries/Words.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IPositionLens} from "../interfaces/IPositionLens.sol";
import {ForcedRequestBook} from "./ForcedRequestBook.sol";
import {RestingMakers} from "./RestingMakers.sol";
import {Weighing} from "./Weighing.sol";

/// @dev A close while it is worked on.
struct Closing {
    uint256 request;
    ForcedRequest asked;
    ForcedClose close;
    MarketId market;
    MarketWord word;
    Weighing.Standing standing;
    // Lots closed by this call.
    uint256 done;
}

/// @notice Positions that somebody takes over because their owner wants to be out of them.
abstract contract ForcedCloses is ForcedRequestBook, RestingMakers {
    using Words for IMarketWords;

    AccountId private constant VENUE = AccountId.wrap(0);

    /// @inheritdoc IExitDesk
    IInsuranceFund public immutable FUND;

    /// @inheritdoc IExitDesk
    IPositionLens public immutable LENS;

    mapping(uint256 => ForcedClose) private _closes;

    constructor(IInsuranceFund fund, IPositionLens lens) {
        if (address(fund) == address(0) || address(lens) == address(0)) revert Desk_AddressZero();
        (FUND, LENS) = (fund, lens);
    }

    /// @inheritdoc IExitDesk
    function forceClose(AccountId account, MarketId market, uint64 lots) external payable returns (uint256 request) {
        _checkOwner(account);
        Size held = _words().position(account, market).size();
        if (lots == 0 || lots > held.abs()) revert Desk_LotsOutOfRange(account, market, lots, held.abs());
        uint32 mark = uint32(Price.unwrap(_words().market(market).mark()));
        request = _file(account, market, mark);
        _closes[request] = ForcedClose(held.narrow(), lots);
        emit CloseForced(request, account, market, lots, mark);
    }

    /// @inheritdoc IExitDesk
    function acknowledge(uint256[] calldata requests) external {
        address operator = _words().tally().operator();
        for (uint256 i; i < requests.length; ++i) {
            ForcedRequest memory asked = _requests[requests[i]];
            if (asked.status != RequestStatus.Pending || !asked.isClose()) continue;
            _keep(requests[i], asked, _progressed(requests[i], asked), operator);
        }
    }

    /// @inheritdoc IExitDesk
    function executeClose(
        uint256 request,
        MarketId[] calldata markets,
        Counterparty[] calldata makers,
        uint64 byFund
    ) external {
        Closing memory closing = _begin(request, markets);
        HashPad pad = OrderHashing.newPad(POSITIONS.domainSeparator());
        for (uint256 i; i < makers.length; ++i) _fill(closing, makers[i], pad);
        if (byFund != 0) _handToFund(closing, byFund);
        _end(closing);
    }

    /// @inheritdoc IExitDesk
    function isIgnored(uint256 request) external view returns (bool) {
        ForcedRequest memory asked = _requests[request];
        bool waits = asked.status == RequestStatus.Pending && asked.isClose();
        if (!waits || _progressed(request, asked).left == 0) return false;
        if (block.timestamp < asked.ignoredFrom(WINDOW, INDEX.interimOf(asked.market).pausedUntil)) return false;
        // Who is bankrupt is waiting for the fund, not for the operator.
        return LENS.accountOf(asked.account).equity >= 0;
    }

    /// @inheritdoc IExitDesk
    function closeOf(uint256 request) external view returns (ForcedClose memory) {
        return _progressed(request, _requests[request]);
    }

    function _progressed(uint256 request, ForcedRequest memory asked) private view returns (ForcedClose memory) {
        return _closes[request].progressed(_words().position(asked.account, asked.market).size());
    }

    /// @dev Writes down how far a close has come.
    function _keep(uint256 request, ForcedRequest memory asked, ForcedClose memory close, address by) private {
        if (close.left == 0) return _serve(request, asked, by);
        if (close.left == _closes[request].left) return;
        _closes[request] = close;
        emit CloseProgressed(request, close.left);
    }

    function _begin(uint256 request, MarketId[] calldata markets) private returns (Closing memory closing) {
        ForcedRequest memory asked = _executable(request, true);
        (closing.request, closing.asked, closing.market) = (request, asked, asked.market);
        closing.close = _progressed(request, asked);
        if (closing.close.left == 0) revert Close_NothingLeft(request);
        closing.word = _prepared(asked.market);
        if (!closing.word.isFresh()) revert Desk_PriceStale(asked.account, asked.market, closing.word.freshUntil());
        closing.standing = _weigh(asked.account, markets);
    }

    /// @dev Whoever closed a part has that part of the fee.
    function _end(Closing memory closing) private {
        uint256 left = closing.close.left;
        if (left != 0 && closing.done != 0) {
            uint96 part = uint96((closing.asked.fee * closing.done) / (left + closing.done));
            _pay(closing.request, closing.asked, msg.sender, part);
        }
        _keep(closing.request, closing.asked, closing.close, msg.sender);
    }

    /// @dev Fills one resting order.
    function _fill(Closing memory closing, Counterparty calldata maker, HashPad pad) private {
        RestingOrder memory order = maker.order;
        uint256 lots = maker.lots;
        _checkLots(closing, lots);
        if (order.account == closing.asked.account) revert Close_SelfTrade(order.account);
        if (order.buy != closing.close.held > 0) revert Close_SameSide(order.account, order.nonce);
        Level memory level = _checkOrder(maker, order, closing.market, pad);
        Size moved = closing.close.signed(lots);
        if (order.reduceOnly) _checkReduces(order.account, closing.market, level.nonce, moved);
        uint256 price = _fillPrice(closing, level.price);
        Quote paid = moved.times(Quote.wrap(int256(price * closing.word.unit())));
        uint256 fee = FillRules.feeUp(lots * price * closing.word.unit(), closing.word.takerFee());
        POSITIONS.setFilled(order.account, level.nonce, level.size);
        _move(closing, _weigh(order.account, maker.markets), lots, paid, fee);
        emit OrderFilled(order.account, closing.request, uint40(Nonce.unwrap(level.nonce)), lots, price, level.size);
    }

    /// @dev Has the insurance fund take lots over, which only helps out: not before its time, not beyond what it may lose.
    function _handToFund(Closing memory closing, uint256 lots) private {
        _checkLots(closing, lots);
        uint256 from = closing.asked.openFrom(WINDOW);
        if (block.timestamp < from) revert Request_TooEarly(closing.request, from);
        _checkLossCap(closing, lots);
        _move(closing, _weigh(VENUE, FUND.openMarkets()), lots, _fundPrice(closing, lots), 0);
    }

    function _checkLots(Closing memory closing, uint256 lots) private pure {
        uint256 left = closing.close.left;
        if (lots == 0 || lots > left) revert Close_LotsOutOfRange(closing.request, lots, left);
    }

    function _checkReduces(AccountId account, MarketId market, Nonce nonce, Size traded) private view {
        Size held = _words().position(account, market).size();
        if (!_lowers(held, held + traded)) revert Order_ReduceOnly(account, uint40(Nonce.unwrap(nonce)));
    }

    /// @dev The maker's price, but never better than the mark for who leaves: nobody dodges a loss at the cost of an order that
    /// has gone stale. And never worse than what the fund would pay: nobody leaves his partner's position cheaply to himself.
    function _fillPrice(Closing memory closing, uint256 price) private view returns (uint256) {
        (Price mark, uint256 discount) = (closing.word.mark(), _discount(closing.word));
        uint256 ticks = Price.unwrap(mark);
        uint256 band = Margin.bandDown(mark, _words().tally().bandBps());
        if (closing.close.held > 0) {
            uint256 low = Math.max(Price.unwrap(LiquidationRules.lowUp(mark, discount)), ticks - band);
            if (price < low) revert Close_PriceOutsideBand(price, low, ticks);
            return Math.min(price, ticks);
        }
        uint256 high = Math.min(Price.unwrap(LiquidationRules.highDown(mark, discount)), ticks + band);
        if (price > high) revert Close_PriceOutsideBand(price, ticks, high);
        return Math.max(price, ticks);
    }

    /// @dev What the fund pays for lots: the worse, for who leaves, of the mark less the discount and the mark at the request.
    function _fundPrice(Closing memory closing, uint256 lots) private view returns (Quote) {
        Size moved = closing.close.signed(lots);
        uint256 notional = Margin.notional(closing.word, lots);
        uint256 discount = LiquidationRules.partUp(notional, _discount(closing.word));
        Quote now_ = moved.times(Margin.lotValue(closing.word)).less(discount);
        Quote then = moved.times(Quote.wrap(int256(closing.asked.mark * closing.word.unit())));
        return then < now_ ? then : now_;
    }

    /// @dev How far from the mark a liquidation may close, parts of 10^6.
    function _discount(MarketWord word) private view returns (uint256) {
        return LiquidationRules.share(word, uint8(_words().rules() >> 64));
    }

    /// @dev The fund takes on no more than it may lose in the market.
    function _checkLossCap(Closing memory closing, uint256 lots) private view {
        Size held = _words().position(VENUE, closing.market).size();
        Size next = held + closing.close.signed(lots);
        if (_lowers(held, next)) return;
        (int256 need, int256 left) = (Quote.unwrap(Margin.initial(closing.word, next)), FUND.lossLeft(closing.market));
        if (left < need) revert Close_LossCapReached(closing.market, need, left);
    }

    /// @dev Moves lots to an account that may have them, out of one that stays solvent.
    /// @param paid What `taker` pays; negative for a short position.
    /// @param fee What who leaves pays to the fees.
    function _move(Closing memory closing, Standing memory taker, uint256 lots, Quote paid, uint256 fee) private {
        (AccountId account, MarketId market) = (closing.asked.account, closing.market);
        Size moved = closing.close.signed(lots);
        Quote gain = moved.times(Margin.lotValue(closing.word)) - paid;
        _trade(taker, market, closing.word, _words().position(taker.account, market), moved, gain);
        PositionWord own = _words().position(account, market);
        _trade(closing.standing, market, closing.word, own, -moved, (-gain).less(fee));
        closing.close = closing.close.reduced(lots);
        closing.done += lots;
        POSITIONS.move(account, taker.account, market, moved, paid, fee);
    }
}
