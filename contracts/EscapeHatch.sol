// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {AccountWord} from "./types/AccountWord.sol";
import {AccountId, MarketId} from "./types/Ids.sol";
import {MarketWord} from "./types/MarketWord.sol";
import {PositionWord} from "./types/PositionWord.sol";
import {Quote} from "./types/Quantities.sol";
import {Margin} from "./libraries/Margin.sol";
import {Words} from "./libraries/Words.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {Count, IEscapeHatch, Pot, Silence} from "./interfaces/IEscapeHatch.sol";
import {IExitDesk} from "./interfaces/IExitDesk.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";
import {ISequencerWatch} from "./interfaces/ISequencerWatch.sol";
import {IWithdrawalQueue} from "./interfaces/IWithdrawalQueue.sol";

/// @title EscapeHatch
/// @notice Freezes the venue for good and pays every account its share; see `IEscapeHatch`.
contract EscapeHatch is IEscapeHatch {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;
    using Words for IMarketWords;

    uint32 private constant MIN_LIVENESS = 1 hours;
    uint32 private constant MAX_LIVENESS = 30 days;

    AccountId private constant FUND_ACCOUNT = AccountId.wrap(0);

    /// @inheritdoc IEscapeHatch
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IEscapeHatch
    ICollateralVault public immutable VAULT;

    /// @inheritdoc IEscapeHatch
    IWithdrawalQueue public immutable QUEUE;

    /// @inheritdoc IEscapeHatch
    IExitDesk public immutable DESK;

    /// @inheritdoc IEscapeHatch
    ISequencerWatch public immutable WATCH;

    /// @inheritdoc IEscapeHatch
    uint32 public immutable LIVENESS;

    Silence private _silence;
    Count private _count;
    Pot private _pot;
    BitMaps.BitMap private _counted;
    BitMaps.BitMap private _paid;

    modifier onlyAccountOwner(AccountId account) {
        address owner = POSITIONS.ownerOf(account);
        require(msg.sender == owner, Hatch_CallerNotOwner(account, msg.sender, owner));
        _;
    }

    modifier onlyTallied() {
        require(_pot.fixedAt != 0, Hatch_TallyIncomplete(_count.counted, _count.accounts));
        _;
    }

    /// @param positions The contract that is frozen.
    /// @param vault What pays.
    /// @param queue Whose tickets are paid first.
    /// @param desk Whose requests may not be ignored.
    /// @param watch Whether the chain was just down.
    /// @param liveness Seconds without a batch after which anybody may freeze.
    constructor(
        IPerpPositions positions,
        ICollateralVault vault,
        IWithdrawalQueue queue,
        IExitDesk desk,
        ISequencerWatch watch,
        uint32 liveness
    ) {
        bool named = address(positions) != address(0) && address(vault) != address(0) && address(queue) != address(0);
        if (!named || address(desk) == address(0) || address(watch) == address(0)) revert Hatch_AddressZero();
        bool bounded = liveness >= MIN_LIVENESS && liveness <= MAX_LIVENESS;
        require(bounded, Hatch_LivenessOutOfBounds(liveness, MIN_LIVENESS, MAX_LIVENESS));
        (POSITIONS, VAULT, QUEUE, DESK, WATCH, LIVENESS) = (positions, vault, queue, desk, watch, liveness);
    }

    // When the venue is over.

    /// @inheritdoc IEscapeHatch
    /// @dev NOTE: a number that was noted before keeps its time, so that nobody can make a silence begin anew.
    function look() external {
        WATCH.beat();
        uint256 number = _words().tally().number();
        if (_silence.number == number) return;
        _silence = Silence(uint40(number), uint32(block.timestamp));
        emit NumberNoted(number);
    }

    /// @inheritdoc IEscapeHatch
    function freezeSilent() external {
        _checkFreezable();
        Silence memory noted = _silence;
        uint256 number = _words().tally().number();
        require(noted.number == number, Hatch_NumberNotNoted(number, noted.number));
        uint256 from = uint256(noted.since) + LIVENESS;
        require(block.timestamp >= from, Hatch_SilenceTooShort(block.timestamp, from));
        _freeze();
        emit FrozenForSilence(number, noted.since);
    }

    /// @inheritdoc IEscapeHatch
    function freezeIgnored(uint256 request) external {
        _checkFreezable();
        require(DESK.isIgnored(request), Hatch_RequestNotIgnored(request));
        _freeze();
        emit FrozenForRequest(request);
    }

    // What everybody has.

    /// @inheritdoc IEscapeHatch
    function tally(AccountId[] calldata accounts, MarketId[][] calldata markets) external {
        Count memory seen = _count;
        require(seen.frozenAt != 0, Hatch_NotFrozen());
        require(_pot.fixedAt == 0, Hatch_TallyComplete(seen.accounts));
        require(accounts.length == markets.length, Hatch_PageUneven(accounts.length, markets.length));
        for (uint256 i; i < accounts.length; ++i) {
            _checkHasShare(accounts[i], seen.accounts);
            uint256 id = AccountId.unwrap(accounts[i]);
            if (_counted.get(id)) continue;
            _counted.set(id);
            ++seen.counted;
            seen.claims += _claim(accounts[i], markets[i]).toUint160();
        }
        _count = seen;
        emit PageTallied(seen.counted, seen.claims);
        if (seen.counted == seen.accounts) _fixPot(seen.claims);
    }

    /// @inheritdoc IEscapeHatch
    function escape(
        AccountId account,
        address recipient,
        MarketId[] calldata markets
    ) external onlyAccountOwner(account) onlyTallied returns (uint256 amount) {
        _checkHasShare(account, _count.accounts);
        bool allowed = QUEUE.allows(AccountId.unwrap(account), recipient);
        require(allowed, Hatch_RecipientRefused(account, recipient));
        amount = _shareDown(_claim(account, markets));
        _pay(account, recipient, amount);
        emit Escaped(account, recipient, amount);
    }

    /// @inheritdoc IEscapeHatch
    function payResidual(
        address recipient
    ) external onlyAccountOwner(FUND_ACCOUNT) onlyTallied returns (uint256 amount) {
        amount = residual();
        _pay(FUND_ACCOUNT, recipient, amount);
        emit ResidualPaid(recipient, amount);
    }

    // Views.

    /// @inheritdoc IEscapeHatch
    function silence() external view returns (Silence memory) {
        return _silence;
    }

    /// @inheritdoc IEscapeHatch
    function count() external view returns (Count memory) {
        return _count;
    }

    /// @inheritdoc IEscapeHatch
    function pot() external view returns (Pot memory) {
        return _pot;
    }

    /// @inheritdoc IEscapeHatch
    function isCounted(AccountId account) external view returns (bool) {
        return _counted.get(AccountId.unwrap(account));
    }

    /// @inheritdoc IEscapeHatch
    function isPaid(AccountId account) external view returns (bool) {
        return _paid.get(AccountId.unwrap(account));
    }

    /// @inheritdoc IEscapeHatch
    function freezableAt() external view returns (uint256) {
        Silence memory noted = _silence;
        if (_count.frozenAt != 0 || noted.number != _words().tally().number()) return 0;
        return Math.max(uint256(noted.since) + LIVENESS, WATCH.graceEndsAt());
    }

    /// @inheritdoc IEscapeHatch
    function shareOf(AccountId account, MarketId[] calldata markets) external view onlyTallied returns (uint256) {
        _checkHasShare(account, _count.accounts);
        return _shareDown(_claim(account, markets));
    }

    /// @inheritdoc IEscapeHatch
    function residual() public view onlyTallied returns (uint256) {
        return Math.saturatingSub(_pot.amount, _count.claims);
    }

    function _checkFreezable() private view {
        require(_count.frozenAt == 0, Hatch_AlreadyFrozen(_count.frozenAt));
        uint256 graceEnd = WATCH.graceEndsAt();
        require(block.timestamp >= graceEnd, Hatch_GraceLasts(block.timestamp, graceEnd));
    }

    function _freeze() private {
        _count = Count(uint32(block.timestamp), POSITIONS.accountCount(), 0, 0);
        POSITIONS.freeze();
        QUEUE.lift();
    }

    /// @dev What the vault holds beyond the tickets. A release takes from both alike, so it does not matter when this is asked.
    function _fixPot(uint256 claims) private {
        uint256 held = Math.min(VAULT.booked(), VAULT.TOKEN().balanceOf(address(VAULT)));
        uint256 amount = Math.saturatingSub(held, QUEUE.owed());
        _pot = Pot(uint32(block.timestamp), amount.toUint128());
        emit PotFixed(amount, claims);
    }

    function _pay(AccountId account, address recipient, uint256 amount) private {
        uint256 id = AccountId.unwrap(account);
        require(!_paid.get(id), Hatch_AlreadyPaid(account));
        require(amount != 0, Hatch_NothingToPay(account));
        _paid.set(id);
        VAULT.payShare(recipient, amount);
    }

    /// @dev Rounds down, so that all shares together are no more than the pot.
    function _shareDown(uint256 claim) private view returns (uint256) {
        (uint256 amount, uint256 claims) = (_pot.amount, _count.claims);
        return amount >= claims ? claim : (claim * amount) / claims;
    }

    /// @dev max(0, equity) by the frozen words: a sweep moves a closed position into collateral and changes nothing here.
    function _claim(AccountId account, MarketId[] calldata markets) private view returns (uint256) {
        AccountWord word = _words().account(account);
        (Quote equity, uint256 named) = (word.collateral(), 0);
        for (uint256 i; i < markets.length; ++i) {
            _checkAscends(account, markets, i);
            PositionWord position = _words().position(account, markets[i]);
            if (!position.isOpen()) continue;
            ++named;
            equity = equity + _value(position, _words().market(markets[i]));
        }
        uint256 open = word.openMarkets();
        require(named == open, Hatch_PositionsIncomplete(account, named, open));
        return uint256(SignedMath.max(0, Quote.unwrap(equity)));
    }

    function _value(PositionWord position, MarketWord market) private pure returns (Quote) {
        return Margin.positionValueDown(market, position);
    }

    function _checkAscends(AccountId account, MarketId[] calldata markets, uint256 i) private pure {
        bool ascends = i == 0 || MarketId.unwrap(markets[i]) > MarketId.unwrap(markets[i - 1]);
        require(ascends, Hatch_MarketsNotAscending(account, markets[i]));
    }

    function _checkHasShare(AccountId account, uint32 accounts) private pure {
        uint32 id = AccountId.unwrap(account);
        require(id != 0 && id <= accounts, Hatch_AccountWithoutShare(account, accounts));
    }

    function _words() private view returns (IMarketWords) {
        return POSITIONS;
    }
}
