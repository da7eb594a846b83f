// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {Bound} from "../types/Bound.sol";
import {AccountId, MarketId, PositionKey, SlotKey, slotKey} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Quantity_OutOfRange} from "../types/Quantities.sol";
import {CANCELLED, SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {WordSlots} from "../libraries/WordSlots.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {ISequencerWatch} from "../interfaces/ISequencerWatch.sol";
import {IPerpPositions, Parts} from "../interfaces/IPerpPositions.sol";
import {IWithdrawalQueue} from "../interfaces/IWithdrawalQueue.sol";

/// @notice The words of `PerpPositions`, and nothing else.
abstract contract PositionStorage is IPerpPositions {
    ICollateralVault internal immutable VAULT;
    IWithdrawalQueue internal immutable QUEUE;
    IFundingIndex internal immutable INDEX;
    ISequencerWatch internal immutable WATCH;
    address internal immutable LIQUIDATIONS;
    address internal immutable DESK;
    address internal immutable HATCH;

    /// @dev Rules that a batch of the operator does not need; the others stand in the tally.
    struct Rules {
        uint32 openAfter;
        uint32 maxPriceAge;
        uint8 discountShare;
        uint8 penaltyShare;
    }

    /// @dev A word in a box: its place is found once, to be read and written.
    struct SlotsBox {
        SlotsWord word;
    }

    /// @dev As `SlotsBox`.
    struct ActivityBox {
        ActivityWord word;
    }

    Rules internal _rules;
    TallyWord internal _tally;
    mapping(MarketId => MarketWord) internal _markets;
    mapping(MarketId => ActivityBox) internal _activities;
    mapping(AccountId => AccountWord) internal _accounts;
    mapping(PositionKey => PositionWord) internal _positions;
    mapping(SlotKey => SlotsBox) internal _slots;
    mapping(AccountId => uint256) internal _epochFloors;

    /// @inheritdoc IPerpPositions
    mapping(AccountId => address) public ownerOf;

    /// @inheritdoc IPerpPositions
    uint32 public accountCount;

    constructor(Parts memory parts) {
        bool named = address(parts.vault) != address(0) && address(parts.queue) != address(0);
        named = named && address(parts.index) != address(0) && address(parts.watch) != address(0);
        named = named && parts.liquidations != address(0) && parts.desk != address(0) && parts.hatch != address(0);
        if (!named) revert Positions_AddressZero();
        (VAULT, QUEUE, INDEX, WATCH) = (parts.vault, parts.queue, parts.index, parts.watch);
        (LIQUIDATIONS, DESK, HATCH) = (parts.liquidations, parts.desk, parts.hatch);
        _checkLayout();
    }

    modifier onlyIndex() {
        if (msg.sender != address(INDEX)) revert Market_CallerNotIndex(msg.sender, address(INDEX));
        _checkNotFrozen();
        _;
    }

    /// @inheritdoc IMarketWords
    function setMarket(MarketId market, MarketWord word) external onlyIndex {
        _markets[market] = word;
    }

    /// @inheritdoc IMarketWords
    function beginPeriod(MarketId market, MarketWord word) external onlyIndex {
        _markets[market] = word;
        ActivityBox storage box = _activities[market];
        box.word = box.word.withoutSamples();
    }

    /// @inheritdoc IMarketWords
    function setOpenInterestCap(MarketId market, Bound cap) external onlyIndex {
        ActivityBox storage box = _activities[market];
        box.word = box.word.withCap(cap);
    }

    /// @inheritdoc IMarketWords
    function load(uint256 slot) external view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _checkNotFrozen() internal view {
        if (_tally.isFrozen()) revert Positions_Frozen();
    }

    /// @dev What reads words by their slots must read these.
    function _checkLayout() private pure {
        uint256 slots;
        assembly ("memory-safe") {
            slots := or(
                shl(28, _rules.slot),
                or(shl(24, _tally.slot), or(shl(20, _markets.slot), shl(16, _activities.slot)))
            )
            slots := or(
                slots,
                or(shl(12, _accounts.slot), or(shl(8, _positions.slot), or(shl(4, _slots.slot), _epochFloors.slot)))
            )
        }
        uint256 upper = (WordSlots.RULES << 28) | (WordSlots.TALLY << 24) | (WordSlots.MARKETS << 20);
        uint256 lower = (WordSlots.POSITIONS << 8) | (WordSlots.SLOTS << 4) | WordSlots.FLOORS;
        uint256 middle = (WordSlots.ACTIVITIES << 16) | (WordSlots.ACCOUNTS << 12);
        assert(slots == upper | middle | lower);
    }

    /// @dev Fees that await collection have 80 bits.
    function _checkFees(ActivityWord activity, uint256 more) internal pure {
        uint256 room;
        unchecked {
            room = type(uint80).max - activity.fees();
        }
        if (more > room) revert Quantity_OutOfRange(int256(activity.fees() + more), 80);
    }

    /// @dev A market's word with the funding that is due.
    function _prepared(MarketId market) internal returns (MarketWord word) {
        word = _markets[market];
        if (word.isDue()) word = INDEX.prepare(market);
    }

    /// @dev Marks the nonce's epoch, and with it all below, as dead. A higher epoch in the slot stays alive.
    function _kill(AccountId account, Nonce nonce) internal returns (bool killed) {
        SlotsBox storage box = _slots[slotKey(account, nonce.slot())];
        if (box.word.slotAt(nonce).epoch() > nonce.epoch()) return false;
        box.word = box.word.withFilled(nonce, CANCELLED);
        return true;
    }
}
