// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId, PositionKey, SlotKey, positionKey, slotKey} from "../types/Ids.sol";
import {Nonce} from "../types/Nonce.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {CANCELLED, SlotsWord} from "../types/SlotsWord.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IPerpPositions, Settings, Tally} from "../interfaces/IPerpPositions.sol";

/// @notice The words of `PerpPositions`, and nothing else.
abstract contract PositionStorage is IPerpPositions {
    /// @inheritdoc IPerpPositions
    ICollateralVault public immutable VAULT;

    /// @inheritdoc IPerpPositions
    IFundingIndex public immutable INDEX;

    Settings internal _settings;
    Tally internal _tally;
    mapping(AccountId => AccountWord) internal _accounts;
    mapping(PositionKey => PositionWord) internal _positions;
    mapping(SlotKey => SlotsWord) internal _slots;
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

    /// @inheritdoc IPerpPositions
    function settings() external view returns (Settings memory) {
        return _settings;
    }

    /// @inheritdoc IPerpPositions
    function tally() external view returns (Tally memory) {
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
        return SlotsWord.unwrap(_slots[slotKey(account, slot)]);
    }

    /// @inheritdoc IPerpPositions
    function epochFloor(AccountId account) external view returns (uint256) {
        return _epochFloors[account];
    }

    /// @dev Marks the nonce's epoch, and with it all below, as dead. A higher epoch in the slot stays alive.
    function _kill(AccountId account, Nonce nonce) internal returns (bool killed) {
        SlotKey key = slotKey(account, nonce.slot());
        SlotsWord word = _slots[key];
        if (word.slotAt(nonce).epoch() > nonce.epoch()) return false;
        _slots[key] = word.withFilled(nonce, CANCELLED);
        return true;
    }
}
