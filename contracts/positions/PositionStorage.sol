// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {AccountId, MarketId, PositionKey, SlotKey, positionKey, slotKey} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {CANCELLED, SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IPerpPositions, Settings} from "../interfaces/IPerpPositions.sol";

/// @notice The words of `PerpPositions`, and nothing else.
abstract contract PositionStorage is IPerpPositions {
    /// @inheritdoc IPerpPositions
    ICollateralVault public immutable VAULT;

    /// @inheritdoc IPerpPositions
    IFundingIndex public immutable INDEX;

    /// @dev Rules that a batch of the operator does not need; the others stand in the tally.
    struct Rules {
        uint32 openAfter;
        uint32 maxPriceAge;
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

    constructor(ICollateralVault vault, IFundingIndex index) {
        if (address(vault) == address(0) || address(index) == address(0)) revert Positions_AddressZero();
        VAULT = vault;
        INDEX = index;
    }

    modifier onlyIndex() {
        if (msg.sender != address(INDEX)) revert Market_CallerNotIndex(msg.sender, address(INDEX));
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
    function marketWord(MarketId market) external view returns (MarketWord) {
        return _markets[market];
    }

    /// @inheritdoc IMarketWords
    function activityWord(MarketId market) external view returns (ActivityWord) {
        return _activities[market].word;
    }

    /// @inheritdoc IMarketWords
    function maxPriceAge() external view returns (uint32) {
        return _rules.maxPriceAge;
    }

    /// @inheritdoc IPerpPositions
    function settings() external view returns (Settings memory) {
        (Rules memory rules, TallyWord counts) = (_rules, _tally);
        return
            Settings({
                operator: counts.operator(),
                openAfter: rules.openAfter,
                maxPriceAge: rules.maxPriceAge,
                bandBps: uint16(counts.bandBps()),
                maxMarkets: uint8(counts.maxMarkets())
            });
    }

    /// @inheritdoc IPerpPositions
    function tallyWord() external view returns (TallyWord) {
        return _tally;
    }

    /// @inheritdoc IPerpPositions
    function accountWord(AccountId account) external view returns (uint256) {
        return AccountWord.unwrap(_accounts[account]);
    }

    /// @inheritdoc IPerpPositions
    function positionWord(AccountId account, MarketId market) external view returns (uint256) {
        return PositionWord.unwrap(_positions[positionKey(account, market)]);
    }

    /// @inheritdoc IPerpPositions
    function slotsWord(AccountId account, uint8 slot) external view returns (uint256) {
        return SlotsWord.unwrap(_slots[slotKey(account, slot)].word);
    }

    /// @inheritdoc IPerpPositions
    function epochFloor(AccountId account) external view returns (uint256) {
        return _epochFloors[account];
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
