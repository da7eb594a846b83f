// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "./types/Ids.sol";
import {TallyWords} from "./types/TallyWord.sol";
import {IPerpPositions, Parts, Settings} from "./interfaces/IPerpPositions.sol";
import {Accounts} from "./positions/Accounts.sol";
import {BatchSettlement} from "./positions/BatchSettlement.sol";
import {Moves} from "./positions/Moves.sol";
import {PositionStorage} from "./positions/PositionStorage.sol";

/// @title PerpPositions
/// @notice Owns accounts, positions and order nonces; see `IPerpPositions`.
contract PerpPositions is Accounts, Moves, BatchSettlement {
    /// @dev The access manager: it asks who may call which function, so this contract need not.
    address private immutable GOVERNOR;

    /// @param parts The contracts it works with.
    /// @param governor Who changes the rules.
    /// @param settings_ The rules to begin with.
    constructor(
        Parts memory parts,
        address governor,
        Settings memory settings_
    ) PositionStorage(parts) Accounts(parts.token) {
        if (governor == address(0) || parts.fund == address(0)) revert Positions_AddressZero();
        GOVERNOR = governor;
        _tally = TallyWords.begin();
        // Account 0, where fees and penalties go, is the insurance fund's.
        ownerOf[AccountId.wrap(0)] = parts.fund;
        _setSettings(settings_);
        emit Deployed(parts, governor);
    }

    /// @inheritdoc IPerpPositions
    function setSettings(Settings calldata settings_) external {
        if (msg.sender != GOVERNOR) revert Settings_CallerNotGovernor(msg.sender, GOVERNOR);
        _checkNotFrozen();
        _setSettings(settings_);
    }

    /// @inheritdoc IPerpPositions
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparator();
    }

    function _setSettings(Settings memory settings_) private {
        if (settings_.operator == address(0)) revert Settings_OperatorZero();
        bool banded = settings_.bandBps != 0 && settings_.bandBps < 10_000;
        bool limited = settings_.maxMarkets != 0 && settings_.maxMarkets < 128;
        if (!banded || !limited || settings_.maxPriceAge == 0) {
            revert Settings_OutOfRange(settings_.maxPriceAge, settings_.bandBps, settings_.maxMarkets);
        }
        if (uint256(settings_.discountShare) + settings_.penaltyShare >= 100) {
            revert Settings_SharesTooHigh(settings_.discountShare, settings_.penaltyShare);
        }
        _rules = Rules(settings_.openAfter, settings_.maxPriceAge, settings_.discountShare, settings_.penaltyShare);
        _tally = _tally.withRules(settings_.operator, settings_.bandBps, settings_.maxMarkets);
        emit SettingsChanged(settings_);
    }
}
