// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Quote, Size} from "../types/Quantities.sol";
import {ICollateralVault} from "./ICollateralVault.sol";
import {IFundingIndex} from "./IFundingIndex.sol";
import {ISequencerWatch} from "./ISequencerWatch.sol";
import {IWithdrawalQueue} from "./IWithdrawalQueue.sol";
import {IMarketWords} from "./IMarketWords.sol";

/// @notice Rules of the venue.
struct Settings {
    // Who chooses which crossing orders meet.
    address operator;
    // Seconds of silence after which anyone may settle.
    uint32 openAfter;
    // Seconds after its publication at which a mark grows stale; counts for marks that enter from then on.
    uint32 maxPriceAge;
    // Half width of the band of fill prices around the mark, basis points.
    uint16 bandBps;
    // Most markets in which an account may have a position.
    uint8 maxMarkets;
    // How far from the mark a liquidation may close a position, in percent of the maintenance margin.
    uint8 discountShare;
    // What the insurance fund receives of a liquidation, in percent of the maintenance margin.
    uint8 penaltyShare;
}

/// @notice The contracts that `PerpPositions` works with; they may not exist yet.
struct Parts {
    // The only holder of tokens.
    ICollateralVault vault;
    // Who is paid next.
    IWithdrawalQueue queue;
    // The funding index, owner of the market words.
    IFundingIndex index;
    // Whether the chain was just down.
    ISequencerWatch watch;
    // Who moves positions of accounts below their maintenance margin.
    address liquidations;
    // Who carries the exits that owners signed or force.
    address desk;
    // Who freezes the venue.
    address hatch;
    // The collateral token.
    address token;
    // The insurance fund, owner of account 0.
    address fund;
}

/// @title PerpPositions
/// @notice Owns accounts, positions and order nonces. `settle` is the only door from off-chain: a fill is legal, or it is
/// skipped with a reason. See docs/batch.md for the format and the verdicts, docs/storage.md for the words.
/// @dev Trading keys are plain keys; contract wallets cannot sign orders but can own accounts. The operator chooses which
/// crossing orders meet and when; it cannot forge, overfill or break margin. A silent operator breaks liveness only until
/// `openAfter`; then anyone may settle.
interface IPerpPositions is IMarketWords {
    /// @notice The venue was deployed; there is no view of these, which would make every batch dearer.
    /// @param parts The contracts it works with.
    /// @param governor Who changes the rules.
    event Deployed(Parts parts, address governor);

    /// @notice An account was opened.
    /// @param account Its number.
    /// @param owner Who withdraws and rotates the trading key.
    /// @param signer The trading key.
    event AccountRegistered(AccountId indexed account, address indexed owner, address indexed signer);

    /// @notice A trading key was replaced; orders signed by the old key are dead.
    /// @param account The account.
    /// @param signer The new trading key.
    event SignerRotated(AccountId indexed account, address indexed signer);

    /// @notice Collateral arrived.
    /// @param account The account credited.
    /// @param payer Who paid.
    /// @param amount Quote units.
    event Deposited(AccountId indexed account, address indexed payer, uint256 amount);

    /// @notice The quote of a closed position became collateral.
    /// @param account The account.
    /// @param market The market.
    /// @param quote Quote units moved; negative for a loss.
    event PositionSwept(AccountId indexed account, MarketId indexed market, int256 quote);

    /// @notice A resting nonce, and lower epochs of its slot, died.
    /// @param account The account.
    /// @param nonce `slot 8 · epoch 32`.
    event OrderCancelled(AccountId indexed account, uint40 nonce);

    /// @notice All orders up to the floors died.
    /// @param account The account.
    /// @param epochFloor Highest dead epoch, in every slot.
    /// @param nonce Highest dead immediate number.
    event AllCancelled(AccountId indexed account, uint32 epochFloor, uint32 nonce);

    /// @notice A batch was settled.
    /// @param number Its number.
    /// @param fills One 32-byte record per fill, as docs/batch.md lays it out.
    event BatchSettled(uint256 indexed number, bytes fills);

    /// @notice A position, or a part of it, changed hands outside of a batch.
    /// @param from Who had it.
    /// @param to Who has it now.
    /// @param market The market.
    /// @param size Signed lots.
    /// @param paid Quote units that `to` paid for them; negative when it was paid for taking them.
    /// @param penalty Quote units that `from` paid to the market's fees.
    event PositionMoved(
        AccountId indexed from,
        AccountId indexed to,
        MarketId indexed market,
        int256 size,
        int256 paid,
        uint256 penalty
    );

    /// @notice Collateral of one account became that of another.
    /// @param from Whose it was.
    /// @param to Whose it is.
    /// @param amount Quote units.
    event Transferred(AccountId indexed from, AccountId indexed to, uint256 amount);

    /// @notice Fees of a market moved to account 0.
    /// @param market The market.
    /// @param amount Quote units.
    event FeesCollected(MarketId indexed market, uint256 amount);

    /// @notice The rules changed.
    /// @param settings The new rules.
    event SettingsChanged(Settings settings);

    /// @notice Thrown when a constructor argument is the zero address.
    error Positions_AddressZero();

    /// @notice Thrown when somebody moves a position, fills an order or freezes the venue who is not who does.
    error Positions_CallerRefused(address caller);

    /// @notice Thrown when the venue is frozen: what is left to do is to be paid by `EscapeHatch`.
    error Positions_Frozen();

    /// @notice Thrown when somebody else than the governor changes the rules.
    error Settings_CallerNotGovernor(address caller, address governor);

    /// @notice Thrown when an operator is the zero address.
    error Settings_OperatorZero();

    /// @notice Thrown when the band is zero or reaches 100 %, the price age is zero, or the market limit is not 1 to 127.
    error Settings_OutOfRange(uint32 maxPriceAge, uint16 bandBps, uint8 maxMarkets);

    /// @notice Thrown when discount and penalty are the whole maintenance margin or more.
    error Settings_SharesTooHigh(uint8 discountShare, uint8 penaltyShare);

    /// @notice Thrown when an account is not registered.
    error Account_NotRegistered(AccountId account);

    /// @notice Thrown when a trading key is the zero address.
    error Account_SignerZero();

    /// @notice Thrown when a caller is not the account's owner.
    error Account_CallerNotOwner(AccountId account, address caller, address owner);

    /// @notice Thrown when a caller is neither the account's owner nor its trading key.
    error Account_CallerNotOwnerOrSigner(AccountId account, address caller);

    /// @notice Thrown when an account whose owner guards it would give collateral away.
    error Account_Guarded(AccountId account);

    /// @notice Thrown when an amount is zero or beyond what an account can hold.
    error Collateral_AmountOutOfRange(uint256 amount);

    /// @notice Thrown when a withdrawal would go to the zero address or to the vault itself.
    error Withdrawal_RecipientRefused(address recipient);

    /// @notice Thrown when the markets given do not name every open position, each once, ascending.
    error Withdrawal_PositionsIncomplete(AccountId account, uint256 named, uint256 open);

    /// @notice Thrown when an open position has no fresh mark.
    error Withdrawal_PriceStale(AccountId account, MarketId market, uint256 freshUntil);

    /// @notice Thrown when more is asked for than the account can spare.
    error Withdrawal_ExceedsWithdrawable(AccountId account, uint256 amount, int256 withdrawable);

    /// @notice Thrown when a position to sweep has a size, or is empty.
    error Position_NotClosed(AccountId account, MarketId market, int256 size);

    /// @notice Thrown when a floor is lower than the one in force.
    error Floor_NotRaised(AccountId account, uint256 epochFloor, uint256 nonce);

    /// @notice Thrown when the batch is not the next one.
    error Batch_NumberWrong(uint256 number, uint256 expected);

    /// @notice Thrown when somebody else than the operator settles before the operator's silence is long enough.
    error Batch_CallerNotOperator(address caller, address operator, uint256 openFrom);

    /// @notice Thrown when somebody else than the operator sends a batch in which no fill settles.
    error Batch_NothingSettled(uint256 number);

    /// @notice Thrown when market `i` of the market table is not above the one before it.
    error Batch_MarketsNotAscending(uint256 i);

    /// @notice Thrown when account `i` of the account table is not above the one before it.
    error Batch_AccountsNotAscending(uint256 i);

    /// @notice Thrown when the positions do not add up to the header's: account `i` has too many, or after all `i` some are missing.
    error Batch_PositionCountWrong(uint256 i);

    /// @notice Thrown when a market index of an account is not above the one before it, or not in the market table.
    error Batch_MarketIndexWrong(AccountId account, uint256 index);

    /// @notice Thrown when order `i` is not above the one before it.
    error Batch_OrdersNotAscending(uint256 i);

    /// @notice Thrown when order `i` has flags without meaning.
    error Batch_FlagsMalformed(uint256 i, uint256 flags);

    /// @notice Thrown when liquidation order `i` carries something in place of a signature.
    error Batch_SignatureNotEmpty(uint256 i);

    /// @notice Thrown when order `i` refers to a position that is not in the account table.
    error Batch_PositionOutOfRange(uint256 i, uint256 index);

    /// @notice Thrown when an immediate order has a nonce beyond 32 bits.
    error Batch_NonceMalformed(uint256 nonce);

    /// @notice Thrown when ladder `i` has no level or runs past slot 255.
    error Batch_LadderMalformed(uint256 i, uint256 levels, uint256 nonce);

    /// @notice Thrown when the order table does not end where the fill table begins.
    error Batch_OrderTableLength(uint256 length);

    /// @notice Thrown when the orders do not expand to the header's number of levels.
    error Batch_LevelCountWrong(uint256 levels, uint256 header);

    /// @notice Thrown when a batch would leave more lots open in a market than its cap allows.
    error Batch_OpenInterestAboveCap(MarketId market, uint256 openInterest, uint256 cap);

    /// @notice Thrown when fill `i` refers to an order that is not in the order table.
    error Batch_FillOutOfRange(uint256 i);

    /// @notice Thrown when cancel `i` refers to an account that is not in the account table.
    error Batch_CancelOutOfRange(uint256 i, uint256 index);

    /// @notice Opens an account owned by the caller. One owner may have many: they are its subaccounts.
    /// @dev Emits `AccountRegistered`.
    /// @param signer Trading key: signs orders and cancels, can never withdraw.
    /// @return account Its number, counted from 1.
    function register(address signer) external returns (AccountId account);

    /// @notice Replaces the trading key. Only the owner.
    /// @dev Emits `SignerRotated`.
    /// @param account The account.
    /// @param signer The new key.
    function setSigner(AccountId account, address signer) external;

    /// @notice Pays collateral from the caller into any registered account. The caller must have approved the vault.
    /// @dev Emits `Deposited`. Tokens that deliver less than asked are refused by the vault.
    /// @param account The account to credit.
    /// @param amount Quote units.
    function deposit(AccountId account, uint256 amount) external;

    /// @notice As `deposit`, with an EIP-2612 approval of the vault by the caller. A permit that somebody else carried
    /// first does no harm.
    /// @param account The account to credit.
    /// @param amount Quote units, and the approval.
    /// @param deadline Last second of the permit.
    /// @param v Signature.
    /// @param r Signature.
    /// @param s Signature.
    function depositWithPermit(
        AccountId account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Debits the account and queues a payment. Only the owner, and `ExitDesk` for him.
    /// @dev Emits what `WithdrawalQueue.push` does, and `PositionSwept` for closed positions. Profit of an open position is margin, not
    /// money: it does not back a withdrawal.
    ///
    /// Requirements: `markets` names every open position once, ascending; every position with a size has a fresh mark, unless
    /// `ExitDesk` asks;
    /// collateral − amount + Σ closed quote + Σ min(0, open value) covers initial margin.
    /// @param account The account to debit.
    /// @param recipient Who is paid.
    /// @param amount Quote units.
    /// @param markets Markets of the open positions.
    /// @return ticket Place in the queue.
    function requestWithdrawal(
        AccountId account,
        address recipient,
        uint256 amount,
        MarketId[] calldata markets
    ) external returns (uint64 ticket);

    /// @notice Gives collateral to another account, under the rules of a withdrawal but without the queue. Only the owner.
    /// @dev Emits `Transferred`, and `PositionSwept` for closed positions.
    /// @param from The account to debit.
    /// @param to The account to credit.
    /// @param amount Quote units.
    /// @param markets Markets of the open positions of `from`, as for a withdrawal.
    function transfer(AccountId from, AccountId to, uint256 amount, MarketId[] calldata markets) external;

    /// @notice Moves lots and quote between two accounts, the funding of both applied. Only `Liquidations` and `ExitDesk`.
    /// @dev Emits `PositionMoved`.
    /// @param from Who has the position.
    /// @param to Who receives it.
    /// @param market The market.
    /// @param size Signed lots.
    /// @param paid Quote units from `to` to `from`; may be negative.
    /// @param penalty Quote units from `from` to the market's fees.
    /// @return held The position that `to` has afterwards.
    function move(
        AccountId from,
        AccountId to,
        MarketId market,
        Size size,
        Quote paid,
        uint256 penalty
    ) external returns (PositionWord held);

    /// @notice Says how much of a resting order is filled. Only `ExitDesk`, which checks the order, moves the lots and says so.
    /// @param account Whose order it is.
    /// @param nonce Its nonce.
    /// @param filled Lots.
    function setFilled(AccountId account, Nonce nonce, uint256 filled) external;

    /// @notice Ends trading for good: no fill, deposit, request, price or funding period enters any more. Only `EscapeHatch`,
    /// which says so.
    function freeze() external;

    /// @notice Moves the quote of a closed position to collateral; anyone may call, equity does not change.
    /// @dev Emits `PositionSwept`.
    /// @param account The account.
    /// @param market The market.
    function sweep(AccountId account, MarketId market) external;

    /// @notice Kills resting orders: each epoch named and all below it in its slot. Owner or trading key.
    /// @dev Emits `OrderCancelled` for each that was not dead already.
    /// @param account The account.
    /// @param nonces Resting nonces, `slot 8 · epoch 32`.
    function cancel(AccountId account, uint40[] calldata nonces) external;

    /// @notice Kills every order up to the floors at once. Owner or trading key.
    /// @dev Emits `AllCancelled`.
    /// @param account The account.
    /// @param epochFloor Highest epoch to kill in every slot, at least the floor in force.
    /// @param nonce Highest immediate number to kill, at least the nonce in force.
    function cancelAll(AccountId account, uint32 epochFloor, uint32 nonce) external;

    /// @notice Settles the next batch. The operator, or anyone after its silence.
    /// @dev Emits `BatchSettled`, `OrderCancelled` for carried cancels, and what `FundingIndex.accrue` emits. A malformed
    /// batch reverts with a `Batch_…` error; an illegal fill is skipped.
    /// @param batch Packed batch, docs/batch.md.
    function settle(bytes calldata batch) external;

    /// @notice The records that `settle` would emit now, without changing anything.
    /// @param batch Packed batch, docs/batch.md.
    /// @return records One 32-byte record per fill.
    function simulate(bytes calldata batch) external view returns (bytes memory records);

    /// @notice Moves the fees of a market to account 0, the venue's own; anyone may call.
    /// @dev Emits `FeesCollected`.
    /// @param market The market.
    /// @return amount Quote units.
    function collectFees(MarketId market) external returns (uint256 amount);

    /// @notice Replaces the rules. Only the governor.
    /// @dev Emits `SettingsChanged`.
    /// @param settings_ The new rules.
    function setSettings(Settings calldata settings_) external;

    /// @notice Number of accounts; they are numbered from 1.
    function accountCount() external view returns (uint32);

    /// @notice Who withdraws from the account.
    /// @param account The account.
    function ownerOf(AccountId account) external view returns (address);

    /// @notice EIP-712 domain separator of the signed types.
    function domainSeparator() external view returns (bytes32);
}
