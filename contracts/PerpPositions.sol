// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AccountId} from "./types/Ids.sol";
import {TallyWords} from "./types/TallyWord.sol";
import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IFundingIndex} from "./interfaces/IFundingIndex.sol";
import {IPerpPositions, Settings} from "./interfaces/IPerpPositions.sol";
import {Accounts} from "./positions/Accounts.sol";
import {BatchSettlement} from "./positions/BatchSettlement.sol";
import {PositionStorage} from "./positions/PositionStorage.sol";

/// @title PerpPositions
/// @notice Owns accounts, positions and order nonces; see `IPerpPositions`.
contract PerpPositions is Ownable2Step, Accounts, BatchSettlement {
    /// @param vault The vault, the only holder of tokens.
    /// @param index The funding index, owner of the market words.
    /// @param token The collateral token.
    /// @param governor Who changes the rules, and owns account 0.
    /// @param settings_ The rules to begin with.
    constructor(
        ICollateralVault vault,
        IFundingIndex index,
        address token,
        address governor,
        Settings memory settings_
    ) PositionStorage(vault, index) Accounts(token) EIP712("Penstock", "1") Ownable(governor) {
        _tally = TallyWords.begin();
        _setSettings(settings_);
    }

    /// @inheritdoc IPerpPositions
    function setSettings(Settings calldata settings_) external onlyOwner {
        _setSettings(settings_);
    }

    /// @inheritdoc IPerpPositions
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Account 0, where the fees go, belongs to whoever governs.
    function _transferOwnership(address governor) internal override {
        super._transferOwnership(governor);
        ownerOf[AccountId.wrap(0)] = governor;
    }

    function _setSettings(Settings memory settings_) private {
        if (settings_.operator == address(0)) revert Settings_OperatorZero();
        bool banded = settings_.bandBps != 0 && settings_.bandBps < 10_000;
        bool limited = settings_.maxMarkets != 0 && settings_.maxMarkets < 128;
        if (!banded || !limited || settings_.maxPriceAge == 0) {
            revert Settings_OutOfRange(settings_.maxPriceAge, settings_.bandBps, settings_.maxMarkets);
        }
        _rules = Rules(settings_.openAfter, settings_.maxPriceAge);
        _tally = _tally.withRules(settings_.operator, settings_.bandBps, settings_.maxMarkets);
        emit SettingsChanged(settings_);
    }
}
