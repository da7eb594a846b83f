// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {ICollateralVault} from "./ICollateralVault.sol";
import {IExitDesk} from "./IExitDesk.sol";
import {IPerpPositions} from "./IPerpPositions.sol";
import {ISequencerWatch} from "./ISequencerWatch.sol";
import {IWithdrawalQueue} from "./IWithdrawalQueue.sol";

/// @notice The latest batch number that somebody noted; one word.
struct Silence {
    // Number of the next batch; 0 before anybody looked.
    uint40 number;
    // When it was first noted.
    uint32 since;
}

/// @notice The freeze, and how far the tally has come; one word.
struct Count {
    // 0 before the freeze.
    uint32 frozenAt;
    // Accounts that have a share: those that were registered by then, numbered from 1.
    uint32 accounts;
    // How many of them are counted.
    uint32 counted;
    // Sum of what these claim, quote units.
    uint160 claims;
}

/// @notice What there is to share; one word.
struct Pot {
    // When the last account was counted; 0 before.
    uint32 fixedAt;
    // Quote units.
    uint128 amount;
}

/// @title EscapeHatch
/// @notice Freezes the venue for good and pays every account its share. Nobody's consent is needed: not the operator's, not the
/// governor's, not that of a price publisher or keeper.
///
///   claim(a)  = max(0, collateral + Σ (quote + funding + size · mark · unit)),  a ≥ 1, by the frozen words
///   claims    = Σ claim(a)
///   pot       = min(booked, balance of the vault) − what the queue owes
///   ratio     = min(1, pot / claims)
///   share(a)  = ⌊claim(a) · ratio⌋
///   residual  = max(0, pot − claims)
///
/// Three steps, each by anybody: freeze; tally all accounts, page by page; then every owner escapes with the share, in any order.
/// What is not claimed, the insurance fund's money and the fees, stands behind the losses of those who have less than nothing;
/// when it does not suffice all shares shrink alike. Tickets of the queue are owed in full, before any share.
/// @dev Depends on the frozen words of `PerpPositions` and on the token. Funding that is due and was not accrued by the freeze is not
/// charged, and the marks are those of the last refresh, however old: whoever wants either brings it in before.
interface IEscapeHatch {
    /// @notice Somebody noted a batch number that was not noted before.
    /// @param number Number of the next batch.
    event NumberNoted(uint256 number);

    /// @notice The venue was frozen, because no batch landed for too long.
    /// @param number Number of the batch that did not land.
    /// @param since When the number was noted.
    event FrozenForSilence(uint256 number, uint256 since);

    /// @notice The venue was frozen, because a forced request was ignored.
    /// @param request Number of the request.
    event FrozenForRequest(uint256 indexed request);

    /// @notice A page of accounts was counted.
    /// @param counted Accounts counted so far.
    /// @param claims What they claim in all, quote units.
    event PageTallied(uint256 counted, uint256 claims);

    /// @notice All accounts are counted; what there is to share is fixed for good.
    /// @param pot Quote units.
    /// @param claims What all accounts claim, quote units.
    event PotFixed(uint256 pot, uint256 claims);

    /// @notice An account was paid its share.
    /// @param account The account.
    /// @param recipient Who was paid.
    /// @param amount Quote units.
    event Escaped(AccountId indexed account, address indexed recipient, uint256 amount);

    /// @notice The insurance fund took what no account claims.
    /// @param recipient Who was paid.
    /// @param amount Quote units.
    event ResidualPaid(address indexed recipient, uint256 amount);

    /// @notice Thrown when a constructor argument is the zero address.
    error Hatch_AddressZero();

    /// @notice Thrown when the liveness window is out of its bounds.
    error Hatch_LivenessOutOfBounds(uint32 liveness, uint32 min, uint32 max);

    /// @notice Thrown when the venue is frozen already.
    error Hatch_AlreadyFrozen(uint256 frozenAt);

    /// @notice Thrown when the operator still has its grace after an outage.
    error Hatch_GraceLasts(uint256 time, uint256 until);

    /// @notice Thrown when a batch landed since the latest note, or there is none.
    error Hatch_NumberNotNoted(uint256 number, uint256 noted);

    /// @notice Thrown when the silence is shorter than the liveness window.
    error Hatch_SilenceTooShort(uint256 time, uint256 from);

    /// @notice Thrown when a forced request is not one that was ignored.
    error Hatch_RequestNotIgnored(uint256 request);

    /// @notice Thrown when the venue is not frozen.
    error Hatch_NotFrozen();

    /// @notice Thrown when all accounts are counted already.
    error Hatch_TallyComplete(uint256 accounts);

    /// @notice Thrown when not all accounts are counted yet.
    error Hatch_TallyIncomplete(uint256 counted, uint256 accounts);

    /// @notice Thrown when a page has another number of lists than of accounts.
    error Hatch_PageUneven(uint256 accounts, uint256 lists);

    /// @notice Thrown for account 0, and for an account that was not registered when the venue was frozen.
    error Hatch_AccountWithoutShare(AccountId account, uint256 accounts);

    /// @notice Thrown when the markets of an account are not in strictly ascending order.
    error Hatch_MarketsNotAscending(AccountId account, MarketId market);

    /// @notice Thrown when not every open position of an account is named.
    error Hatch_PositionsIncomplete(AccountId account, uint256 named, uint256 open);

    /// @notice Thrown when somebody other than its owner takes an account's share.
    error Hatch_CallerNotOwner(AccountId account, address caller, address owner);

    /// @notice Thrown when the owner of a guarded account has not listed the recipient.
    error Hatch_RecipientRefused(AccountId account, address recipient);

    /// @notice Thrown when an account was paid before.
    error Hatch_AlreadyPaid(AccountId account);

    /// @notice Thrown when an account has no share.
    error Hatch_NothingToPay(AccountId account);

    /// @notice Notes the number of the next batch; anyone may call. The silence that allows a freeze begins with the first note of a
    /// number.
    /// @dev Beats the watch. Emits `NumberNoted`, or nothing when the number is noted already.
    function look() external;

    /// @notice Freezes the venue when no batch has landed for `LIVENESS` seconds since the number was noted; anyone may call.
    ///
    /// Emits {FrozenForSilence}.
    ///
    /// Requirements:
    /// - the venue is not frozen, and the grace after an outage is over by the beats alone;
    /// - the noted number is still that of the next batch, and was noted `LIVENESS` seconds ago.
    function freezeSilent() external;

    /// @notice Freezes the venue when a forced request was ignored; anyone may call.
    ///
    /// Emits {FrozenForRequest}.
    ///
    /// Requirements:
    /// - the venue is not frozen, and the grace after an outage is over by the beats alone;
    /// - the desk says that the request was ignored.
    ///
    /// @param request Number of the request.
    function freezeIgnored(uint256 request) external;

    /// @notice Counts a page of accounts of a frozen venue; anyone may call, in any order. With the last account the pot is fixed.
    ///
    /// An account that is counted already is passed over.
    ///
    /// Emits {PageTallied}, and {PotFixed} at the end.
    ///
    /// Requirements:
    /// - the venue is frozen, and not all accounts are counted;
    /// - each account has a share;
    /// - its markets ascend and name every open position; they may name more.
    ///
    /// @param accounts The accounts.
    /// @param markets For each the markets of its positions.
    function tally(AccountId[] calldata accounts, MarketId[][] calldata markets) external;

    /// @notice Pays an account its share, once. Only its owner.
    ///
    /// Emits {Escaped}.
    ///
    /// Requirements:
    /// - all accounts are counted;
    /// - the account has a share that is not zero, and was not paid;
    /// - a guarded account has listed the recipient;
    /// - the markets ascend and name every open position; they may name more.
    ///
    /// @param account The account.
    /// @param recipient Who is paid.
    /// @param markets The markets of its positions.
    /// @return amount What was paid, quote units.
    function escape(
        AccountId account,
        address recipient,
        MarketId[] calldata markets
    ) external returns (uint256 amount);

    /// @notice Pays what no account claims, once. Only the owner of account 0, the insurance fund.
    /// @dev Emits `ResidualPaid`.
    /// @param recipient Who is paid.
    /// @return amount What was paid, quote units.
    function payResidual(address recipient) external returns (uint256 amount);

    /// @notice The latest batch number that somebody noted, and when.
    function silence() external view returns (Silence memory);

    /// @notice The freeze, and how far the tally has come.
    function count() external view returns (Count memory);

    /// @notice What there is to share.
    function pot() external view returns (Pot memory);

    /// @notice Whether an account is counted.
    /// @param account The account.
    function isCounted(AccountId account) external view returns (bool);

    /// @notice Whether an account was paid; of account 0, whether the residual was.
    /// @param account The account.
    function isPaid(AccountId account) external view returns (bool);

    /// @notice From when `freezeSilent` works if no batch lands and the chain stays up; 0 when the number is not noted, or the venue is
    /// frozen.
    function freezableAt() external view returns (uint256);

    /// @notice What `escape` pays an account, or paid it.
    /// @param account The account.
    /// @param markets The markets of its positions.
    function shareOf(AccountId account, MarketId[] calldata markets) external view returns (uint256);

    /// @notice What no account claims, quote units.
    function residual() external view returns (uint256);

    /// @notice The contract that is frozen.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice What pays.
    function VAULT() external view returns (ICollateralVault);

    /// @notice Whose tickets are paid first.
    function QUEUE() external view returns (IWithdrawalQueue);

    /// @notice Whose requests may not be ignored.
    function DESK() external view returns (IExitDesk);

    /// @notice Whether the chain was just down.
    function WATCH() external view returns (ISequencerWatch);

    /// @notice Seconds without a batch after which anybody may freeze.
    function LIVENESS() external view returns (uint32);
}
