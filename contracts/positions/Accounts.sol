// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, positionKey} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord, PositionWords} from "../types/PositionWord.sol";
import {Quote, Size} from "../types/Quantities.sol";
import {Margin} from "../libraries/Margin.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {PositionStorage} from "./PositionStorage.sol";

/// @notice What owners and trading keys do with an account besides trading.
abstract contract Accounts is PositionStorage, ReentrancyGuardTransient {
    uint256 private constant COLLATERAL_LIMIT = uint56(type(int56).max);

    /// @dev The collateral token, which the vault names too.
    IERC20Permit internal immutable TOKEN;

    constructor(address token) {
        if (token == address(0)) revert Positions_AddressZero();
        TOKEN = IERC20Permit(token);
    }

    modifier onlyAccountOwner(AccountId account) {
        _checkOwner(account);
        _;
    }

    modifier onlyOwnerOrSigner(AccountId account) {
        if (msg.sender != ownerOf[account] && msg.sender != _accounts[account].signer()) {
            revert Account_CallerNotOwnerOrSigner(account, msg.sender);
        }
        _;
    }

    /// @inheritdoc IPerpPositions
    function register(address signer) external returns (AccountId account) {
        if (signer == address(0)) revert Account_SignerZero();
        account = AccountId.wrap(++accountCount);
        ownerOf[account] = msg.sender;
        _accounts[account] = AccountWord.wrap(0).withSigner(signer);
        emit AccountRegistered(account, msg.sender, signer);
    }

    /// @inheritdoc IPerpPositions
    function setSigner(AccountId account, address signer) external onlyAccountOwner(account) {
        if (signer == address(0)) revert Account_SignerZero();
        // Account 0 never trades: it has no trading key.
        if (account == AccountId.wrap(0)) revert Account_NotRegistered(account);
        _accounts[account] = _accounts[account].withSigner(signer);
        emit SignerRotated(account, signer);
    }

    /// @inheritdoc IPerpPositions
    function deposit(AccountId account, uint256 amount) external nonReentrant {
        _deposit(account, amount);
    }

    /// @inheritdoc IPerpPositions
    function depositWithPermit(
        AccountId account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // A permit that was carried by somebody else has done its work; if it has not, the pull below fails by name.
        try TOKEN.permit(msg.sender, address(VAULT), amount, deadline, v, r, s) {} catch {}
        _deposit(account, amount);
    }

    /// @inheritdoc IPerpPositions
    function requestWithdrawal(
        AccountId account,
        address recipient,
        uint256 amount,
        MarketId[] calldata markets
    ) external nonReentrant returns (uint64 ticket) {
        // A forced exit does not wait for a price.
        bool strict = msg.sender != DESK;
        if (strict) _checkOwner(account);
        if (recipient == address(0) || recipient == address(VAULT)) revert Withdrawal_RecipientRefused(recipient);
        _debit(account, amount, markets, strict);
        // The queue of a frozen venue takes nothing: it says so, and this need not ask.
        return QUEUE.push(AccountId.unwrap(account), recipient, uint96(amount));
    }

    /// @inheritdoc IPerpPositions
    function transfer(
        AccountId from,
        AccountId to,
        uint256 amount,
        MarketId[] calldata markets
    ) external nonReentrant onlyAccountOwner(from) {
        _checkNotFrozen();
        if (ownerOf[to] == address(0)) revert Account_NotRegistered(to);
        if (QUEUE.isGuarded(AccountId.unwrap(from))) revert Account_Guarded(from);
        // Nor does the insurance fund when it covers.
        _debit(from, amount, markets, from != AccountId.wrap(0));
        _credit(to, amount);
        emit Transferred(from, to, amount);
    }

    /// @inheritdoc IPerpPositions
    function sweep(AccountId account, MarketId market) external {
        PositionWord position = _positions[positionKey(account, market)];
        if (!position.size().isZero() || !position.isOpen()) {
            revert Position_NotClosed(account, market, Size.unwrap(position.size()));
        }
        _accounts[account] = _swept(account, market, _accounts[account], position);
    }

    /// @inheritdoc IPerpPositions
    function cancel(AccountId account, uint40[] calldata nonces) external onlyOwnerOrSigner(account) {
        for (uint256 i; i < nonces.length; ++i) {
            if (_kill(account, Nonce.wrap(nonces[i]))) emit OrderCancelled(account, nonces[i]);
        }
    }

    /// @inheritdoc IPerpPositions
    function cancelAll(AccountId account, uint32 floor, uint32 nonce) external onlyOwnerOrSigner(account) {
        AccountWord word = _accounts[account];
        if (floor < _epochFloors[account] || nonce < word.nonce()) {
            revert Floor_NotRaised(account, _epochFloors[account], word.nonce());
        }
        _epochFloors[account] = floor;
        _accounts[account] = word.withNonce(nonce).withFloor();
        emit AllCancelled(account, floor, nonce);
    }

    /// @inheritdoc IPerpPositions
    function collectFees(MarketId market) external returns (uint256 amount) {
        ActivityBox storage box = _activities[market];
        amount = box.word.fees();
        if (amount > COLLATERAL_LIMIT) amount = COLLATERAL_LIMIT;
        box.word = box.word.withoutFees(amount);
        _credit(AccountId.wrap(0), amount);
        emit FeesCollected(market, amount);
    }

    function _checkOwner(AccountId account) private view {
        address owner_ = ownerOf[account];
        if (msg.sender != owner_) revert Account_CallerNotOwner(account, msg.sender, owner_);
    }

    function _deposit(AccountId account, uint256 amount) private {
        if (ownerOf[account] == address(0)) revert Account_NotRegistered(account);
        if (amount == 0 || amount > COLLATERAL_LIMIT) revert Collateral_AmountOutOfRange(amount);
        // Tokens first: while a token's hook runs, nothing is credited that has not arrived.
        VAULT.take(msg.sender, amount);
        // And a hook that froze the venue, and had it counted, undoes that with the deposit.
        _checkNotFrozen();
        _credit(account, amount);
        emit Deposited(account, msg.sender, amount);
    }

    /// @dev Takes away what the account can spare, its closed positions swept.
    /// @param strict Whether every mark must be fresh.
    function _debit(AccountId account, uint256 amount, MarketId[] calldata markets, bool strict) private {
        if (amount == 0 || amount > COLLATERAL_LIMIT) revert Collateral_AmountOutOfRange(amount);
        (AccountWord word, Quote backing) = _sweepAndBack(account, _accounts[account], markets, strict);
        Quote withdrawable = word.collateral() + backing;
        if (withdrawable < Quote.wrap(int256(amount))) {
            revert Withdrawal_ExceedsWithdrawable(account, amount, Quote.unwrap(withdrawable));
        }
        _accounts[account] = word.withCollateral(word.collateral() - Quote.wrap(int256(amount)));
    }

    function _credit(AccountId account, uint256 amount) private {
        AccountWord word = _accounts[account];
        _accounts[account] = word.withCollateral(word.collateral() + Quote.wrap(int256(amount)));
    }

    /// @dev Sweeps the closed positions; returns what the open ones leave of collateral: their losses and their margin.
    function _sweepAndBack(
        AccountId account,
        AccountWord word,
        MarketId[] calldata markets,
        bool strict
    ) private returns (AccountWord, Quote backing) {
        uint256 open = word.openMarkets();
        uint256 named;
        for (uint256 i; i < markets.length; ++i) {
            MarketId market = markets[i];
            bool ascends = i == 0 || MarketId.unwrap(market) > MarketId.unwrap(markets[i - 1]);
            PositionWord position = _positions[positionKey(account, market)];
            if (!ascends || !position.isOpen()) revert Withdrawal_PositionsIncomplete(account, named, open);
            ++named;
            if (position.size().isZero()) word = _swept(account, market, word, position);
            else backing = backing + _backing(account, market, _prepared(market), position, strict);
        }
        if (named != open) revert Withdrawal_PositionsIncomplete(account, named, open);
        return (word, backing);
    }

    /// @dev min(0, value) − initial margin of an open position.
    function _backing(
        AccountId account,
        MarketId market,
        MarketWord word,
        PositionWord position,
        bool strict
    ) private view returns (Quote) {
        if (strict && !word.isFresh()) revert Withdrawal_PriceStale(account, market, word.freshUntil());
        Quote value = Margin.positionValueDown(word, position);
        return value.minZero() - Margin.initial(word, position.size());
    }

    /// @dev Turns a closed position's quote into collateral. The word keeps its snapshot and with it stays non-zero.
    function _swept(
        AccountId account,
        MarketId market,
        AccountWord word,
        PositionWord position
    ) private returns (AccountWord) {
        Quote quote = position.quote();
        _positions[positionKey(account, market)] = PositionWords.pack(Size.wrap(0), Quote.wrap(0), position.snapshot());
        emit PositionSwept(account, market, Quote.unwrap(quote));
        return word.withCollateral(word.collateral() + quote).withOpenMarkets(word.openMarkets() - 1);
    }
}
