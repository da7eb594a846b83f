// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ForcedClose, ForcedPayment, ForcedRequest, RequestStatus} from "../types/ForcedRequest.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {Counterparty} from "../types/RestingOrder.sol";
import {SignedWithdrawal, Withdrawal} from "../types/Withdrawal.sol";
import {IFundingIndex} from "./IFundingIndex.sol";
import {IInsuranceFund} from "./IInsuranceFund.sol";
import {IPerpPositions} from "./IPerpPositions.sol";
import {IPositionLens} from "./IPositionLens.sol";

/// @title ExitDesk
/// @notice Exits that somebody else carries: withdrawals that an owner signed, and withdrawals and closes that nobody can leave undone.
///
///   asked ────────────── WINDOW ───────────────── 2 · WINDOW ────────────
///     the operator serves  │  anybody does and has   │  the fee is the owner's again,
///     and has the fee      │  the fee                │  a close counts as ignored, if its market was not paused lately
///
/// A forced request costs a fee in ether that rises with the number of requests of late, up to a cap, so that a flood costs who
/// makes it and keeps nobody else in. Each request has a time of its own: no queue, nothing that others can lengthen.
///
/// A withdrawal pays what the account can spare at the last marks, the profit of open positions left out, and stays for the rest
/// while positions are open. A close moves lots to
/// resting orders that anybody brings, or to the insurance fund:
///
///   with orders   the maker's price, not better than the mark for who leaves, not worse than the mark less the liquidation
///                 discount nor outside the band of fills; the taker's fee
///   with the fund the mark less the liquidation discount, or the mark at the request where that is worse; no fee
///
/// Either needs a fresh mark and leaves no account bankrupt; who takes over keeps its initial margin, its tiers and its markets.
/// @dev It holds the fees and nothing else. Unlike a batch, a call here is good or is refused whole.
/// Assumptions. The operator's engine follows `OrderFilled`: an order filled here is filled. A maker's cancel that only the
/// engine knows does not bind the desk; one that is on the chain does.
interface IExitDesk {
    /// @notice A signed withdrawal was carried.
    /// @param account The account that was debited.
    /// @param nonce Its number.
    /// @param ticket Place in the queue.
    event RequestCarried(AccountId indexed account, uint64 nonce, uint64 ticket);

    /// @notice A signed withdrawal of a page was not carried; it can be again.
    /// @param account The account.
    /// @param nonce Its number.
    /// @param reason The error, as it was thrown; empty when the gas was used up.
    event RequestSkipped(AccountId indexed account, uint64 nonce, bytes reason);

    /// @notice An owner made a number unusable.
    /// @param account The account.
    /// @param nonce The number.
    event RequestRevoked(AccountId indexed account, uint64 nonce);

    /// @notice An owner asked for a withdrawal that nobody can leave undone.
    /// @param request Number of the request.
    /// @param account The account.
    /// @param recipient Who is to be paid.
    /// @param amount Quote units, at most.
    event WithdrawalForced(
        uint256 indexed request,
        AccountId indexed account,
        address indexed recipient,
        uint256 amount
    );

    /// @notice A forced withdrawal was executed, as far as the account could spare it.
    /// @param request Number of the request.
    /// @param ticket Place in the queue.
    /// @param amount Quote units.
    event WithdrawalExecuted(uint256 indexed request, uint64 ticket, uint256 amount);

    /// @notice An owner asked to be out of a position, or of a part of it.
    /// @param request Number of the request.
    /// @param account The account.
    /// @param market The market.
    /// @param lots Lots to close, without sign.
    /// @param mark The mark then, in ticks.
    event CloseForced(
        uint256 indexed request,
        AccountId indexed account,
        MarketId indexed market,
        uint64 lots,
        uint32 mark
    );

    /// @notice A forced close came further, and is not done yet.
    /// @param request Number of the request.
    /// @param left Lots still to close.
    event CloseProgressed(uint256 indexed request, uint64 left);

    /// @notice A resting order was filled outside of a batch.
    /// @param account The maker's account.
    /// @param request The close that it was filled for.
    /// @param nonce Its nonce.
    /// @param lots Lots.
    /// @param price In ticks.
    /// @param filled What of the order is filled now.
    event OrderFilled(
        AccountId indexed account,
        uint256 indexed request,
        uint40 nonce,
        uint256 lots,
        uint256 price,
        uint256 filled
    );

    /// @notice A request is done.
    /// @param request Number of the request.
    /// @param account The account.
    event RequestServed(uint256 indexed request, AccountId indexed account);

    /// @notice An owner took a request back.
    /// @param request Number of the request.
    /// @param account The account.
    event RequestDropped(uint256 indexed request, AccountId indexed account);

    /// @notice A fee, or a part of it, became somebody's credit.
    /// @param request Number of the request.
    /// @param to Whose.
    /// @param amount Wei.
    event FeePaid(uint256 indexed request, address indexed to, uint256 amount);

    /// @notice A credit was paid out.
    /// @param creditor Whose it was.
    /// @param recipient Who was paid.
    /// @param amount Wei.
    event Collected(address indexed creditor, address indexed recipient, uint256 amount);

    /// @notice Thrown when a constructor argument is the zero address.
    error Desk_AddressZero();

    /// @notice Thrown when the window is out of its bounds.
    error Desk_WindowOutOfBounds(uint32 window, uint256 min, uint256 max);

    /// @notice Thrown when the base fee is zero, or the cap below it or above its bound.
    error Desk_FeeOutOfBounds(uint256 baseFee, uint256 feeCap, uint256 max);

    /// @notice Thrown when the venue is frozen: `EscapeHatch` pays.
    error Desk_Frozen();

    /// @notice Thrown when an account is not registered, or the venue's own.
    error Desk_AccountRefused(AccountId account);

    /// @notice Thrown when a caller is not the account's owner.
    error Desk_CallerNotOwner(AccountId account, address caller, address owner);

    /// @notice Thrown when a withdrawal would go to the zero address.
    error Desk_RecipientZero();

    /// @notice Thrown when a withdrawal asks for nothing.
    error Desk_AmountZero();

    /// @notice Thrown when a close asks for no lots, or for more than the position has.
    error Desk_LotsOutOfRange(AccountId account, MarketId market, uint256 lots, uint256 held);

    /// @notice Thrown when too little was paid with a request.
    error Desk_FeeTooLow(uint256 paid, uint256 fee);

    /// @notice Thrown when somebody without credit collects.
    error Desk_NothingToCollect(address creditor);

    /// @notice Thrown when a recipient does not take its ether.
    error Desk_PaymentFailed(address recipient, uint256 amount);

    /// @notice Thrown when the markets given do not name every open position, each once, ascending.
    error Desk_PositionsIncomplete(AccountId account, uint256 named, uint256 open);

    /// @notice Thrown when a mark that is needed is stale.
    error Desk_PriceStale(AccountId account, MarketId market, uint256 freshUntil);

    /// @notice Thrown when an account that only lowers a position would be bankrupt.
    error Desk_Bankrupt(AccountId account, int256 equity);

    /// @notice Thrown when who takes over would raise exposure in a market in which that is held.
    error Desk_MarketHeld(MarketId market);

    /// @notice Thrown when who takes over would have a position beyond the last tier.
    error Desk_PositionTooLarge(AccountId account, MarketId market, uint256 lots, uint256 cap);

    /// @notice Thrown when who takes over would have positions in more markets than an account may.
    error Desk_TooManyMarkets(AccountId account, uint256 open, uint256 most);

    /// @notice Thrown when who takes over would be below its initial margin.
    error Desk_BelowMargin(AccountId account, int256 equity, int256 initial);

    /// @notice Thrown when a signed withdrawal is carried after its deadline.
    error Request_Expired(AccountId account, uint64 nonce, uint256 deadline);

    /// @notice Thrown when a withdrawal is not signed by the account's owner.
    error Request_SignatureWrong(AccountId account, uint64 nonce, address owner);

    /// @notice Thrown when a number was used, or revoked.
    error Request_NonceUsed(AccountId account, uint64 nonce);

    /// @notice Thrown when a request does not exist, or is done.
    error Request_NotPending(uint256 request, RequestStatus status);

    /// @notice Thrown when a withdrawal is executed as a close, or a close as a withdrawal.
    error Request_KindWrong(uint256 request);

    /// @notice Thrown when a request is executed before its time.
    error Request_TooEarly(uint256 request, uint256 from);

    /// @notice Thrown when an account can spare nothing for now.
    error Request_NothingToSpare(uint256 request, AccountId account, int256 spare);

    /// @notice Thrown when the position shrank already by all that a close asked for.
    error Close_NothingLeft(uint256 request);

    /// @notice Thrown when no lots, or more than are left to close, are to change hands.
    error Close_LotsOutOfRange(uint256 request, uint256 lots, uint256 left);

    /// @notice Thrown when an account would take over from itself.
    error Close_SelfTrade(AccountId account);

    /// @notice Thrown when an order is on the wrong side to take over.
    error Close_SameSide(AccountId account, uint40 nonce);

    /// @notice Thrown when an order's price is too bad for who leaves.
    error Close_PriceOutsideBand(uint256 price, uint256 low, uint256 high);

    /// @notice Thrown when the fund would have more at risk in a market than its loss cap leaves.
    error Close_LossCapReached(MarketId market, int256 need, int256 left);

    /// @notice Thrown when an order is not signed by the trading key of its account.
    error Order_SignatureWrong(AccountId account, uint40 nonce);

    /// @notice Thrown when an order is filled after its last second.
    error Order_Expired(AccountId account, uint40 nonce, uint32 expiry);

    /// @notice Thrown when a higher epoch or a floor replaced the order.
    error Order_Replaced(AccountId account, uint40 nonce);

    /// @notice Thrown when no lots, or more than are left of the order, are to be filled; nothing is left of a cancelled one.
    error Order_Overfill(AccountId account, uint40 nonce, uint256 lots, uint256 left);

    /// @notice Thrown when a reduce-only order would do anything else.
    error Order_ReduceOnly(AccountId account, uint40 nonce);

    /// @notice Thrown when a ladder has no such level, or runs past slot 255.
    error Order_LadderMalformed(AccountId account, uint40 nonce, uint256 length);

    // Signed requests.

    /// @notice Carries a withdrawal that the owner of the account signed; anyone may call.
    /// @dev Emits `RequestCarried`, and what `PerpPositions.requestWithdrawal` does, under whose rules it stands: every mark of an open
    /// position must be fresh.
    /// @param withdrawal What was signed.
    /// @param markets Markets of the open positions, ascending.
    /// @param signature The owner's: 64 bytes (EIP-2098) or 65 of a key, or what its wallet takes (ERC-1271).
    /// @return ticket Place in the queue.
    function request(
        Withdrawal calldata withdrawal,
        MarketId[] calldata markets,
        bytes calldata signature
    ) external returns (uint64 ticket);

    /// @notice Carries a page of them; what fails is skipped. Anyone may call.
    /// @dev Emits `RequestCarried` or `RequestSkipped` for each.
    /// @param page The withdrawals.
    function carry(SignedWithdrawal[] calldata page) external;

    /// @notice Makes a number unusable. Only the owner of the account.
    /// @dev Emits `RequestRevoked`.
    /// @param account The account.
    /// @param nonce The number.
    function revoke(AccountId account, uint64 nonce) external;

    // Forced requests.

    /// @notice Asks for a withdrawal that nobody can leave undone. Only the owner of the account.
    /// @dev Emits `WithdrawalForced`. What is paid beyond the fee is credited to the caller: send the cap.
    /// @param account The account.
    /// @param recipient Who is to be paid.
    /// @param amount Quote units, at most; more than an account can have stands for all.
    /// @return request Number of the request.
    function forceWithdrawal(
        AccountId account,
        address recipient,
        uint256 amount
    ) external payable returns (uint256 request);

    /// @notice Queues what a forced withdrawal asked for, as far as the account can spare it: the operator at any time, anybody after the
    /// window.
    /// @dev Emits `WithdrawalExecuted` and `FeePaid`, and what `PerpPositions.requestWithdrawal` does. The marks may be stale. It is done, and
    /// `RequestServed`, when all was paid or no position is open any more; what is left then can be executed again, without a fee.
    /// @param request Number of the request.
    /// @param markets Markets of the open positions, ascending.
    /// @return ticket Place in the queue.
    function executeWithdrawal(uint256 request, MarketId[] calldata markets) external returns (uint64 ticket);

    /// @notice Asks to be out of a position, or of a part of it. Only the owner of the account.
    /// @dev Emits `CloseForced`. What is paid beyond the fee is credited to the caller: send the cap.
    /// @param account The account.
    /// @param market The market.
    /// @param lots Lots to close, without sign.
    /// @return request Number of the request.
    function forceClose(AccountId account, MarketId market, uint64 lots) external payable returns (uint256 request);

    /// @notice Closes against resting orders, and against the insurance fund, which must be able to carry the lots: the operator at any time
    /// but not with the fund, anybody after the window.
    /// @dev Emits `OrderFilled` for each order, `FeePaid`, and `RequestServed` or `CloseProgressed`; `PositionMoved` comes from
    /// `PerpPositions`.
    /// @param request Number of the request.
    /// @param markets Markets of the open positions of its account, ascending.
    /// @param makers The orders, which come first.
    /// @param byFund Lots that the fund takes over; 0 for none.
    function executeClose(
        uint256 request,
        MarketId[] calldata markets,
        Counterparty[] calldata makers,
        uint64 byFund
    ) external;

    /// @notice Writes down how far positions shrank that their owners asked to be out of, so that it counts whatever they do then; anyone may
    /// call. What is not a pending close is passed over.
    /// @dev Emits `RequestServed` and `FeePaid`, to the operator, or `CloseProgressed`.
    /// @param requests Numbers of requests.
    function acknowledge(uint256[] calldata requests) external;

    /// @notice Takes a request back. Only the owner of the account. The fee stays with the operator, unless the request is a close
    /// that is overdue or the venue is frozen.
    /// @dev Emits `RequestDropped` and `FeePaid`.
    /// @param request Number of the request.
    function drop(uint256 request) external;

    /// @notice Pays the caller's credit, in ether.
    /// @dev Emits `Collected`.
    /// @param recipient Who is paid.
    /// @return amount Wei.
    function collect(address payable recipient) external returns (uint256 amount);

    // Views.

    /// @notice Whether a close was left undone for twice the window, of an account that is not bankrupt: reason to freeze the venue.
    /// A pause of its market that ended later than its first window makes that a window after the pause.
    /// @param request Number of the request.
    function isIgnored(uint256 request) external view returns (bool);

    /// @notice A forced request, as stored.
    /// @param request Number of the request.
    function requestOf(uint256 request) external view returns (ForcedRequest memory);

    /// @notice What a forced withdrawal still asks for.
    /// @param request Number of the request.
    function paymentOf(uint256 request) external view returns (ForcedPayment memory);

    /// @notice How far a forced close is now.
    /// @param request Number of the request.
    function closeOf(uint256 request) external view returns (ForcedClose memory);

    /// @notice Whether a number of a signed withdrawal was used or revoked.
    /// @param account The account.
    /// @param nonce The number.
    function isUsed(AccountId account, uint64 nonce) external view returns (bool);

    /// @notice What a forced request costs now, in wei.
    function requestFee() external view returns (uint256);

    /// @notice How many requests there were of late, times 2^32; see `RequestPricing`.
    function pressure() external view returns (uint256);

    /// @notice How many forced requests there were; they are numbered from 1.
    function requestCount() external view returns (uint256);

    /// @notice What the desk owes somebody, in wei.
    /// @param creditor Who.
    function creditOf(address creditor) external view returns (uint256);

    /// @notice EIP-712 separator of signed withdrawals.
    function domainSeparator() external view returns (bytes32);

    /// @notice The contract whose accounts leave.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice Its funding index.
    function INDEX() external view returns (IFundingIndex);

    /// @notice The insurance fund.
    function FUND() external view returns (IInsuranceFund);

    /// @notice How an account is weighed whose markets nobody names.
    function LENS() external view returns (IPositionLens);

    /// @notice Seconds in which the operator may serve a forced request before anybody may.
    function WINDOW() external view returns (uint32);

    /// @notice What a forced request costs at least, in wei.
    function BASE_FEE() external view returns (uint256);

    /// @notice What it costs at most.
    function FEE_CAP() external view returns (uint256);
}
