// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExitDesk} from "./interfaces/IExitDesk.sol";
import {IFundingIndex} from "./interfaces/IFundingIndex.sol";
import {IInsuranceFund} from "./interfaces/IInsuranceFund.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";

/// @title ExitDesk
/// @notice Exits that somebody else carries: signed requests, forced withdrawals and forced closes; see `IExitDesk`.
contract ExitDesk is IExitDesk {
    /// @inheritdoc IExitDesk
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IExitDesk
    IFundingIndex public immutable INDEX;

    /// @inheritdoc IExitDesk
    IInsuranceFund public immutable FUND;

    /// @inheritdoc IExitDesk
    uint32 public immutable WINDOW;

    /// @param positions The contract whose accounts leave.
    /// @param index Its funding index.
    /// @param fund The insurance fund.
    /// @param window Seconds in which the operator may serve a forced request before anybody may.
    constructor(IPerpPositions positions, IFundingIndex index, IInsuranceFund fund, uint32 window) {
        bool named = address(positions) != address(0) && address(index) != address(0) && address(fund) != address(0);
        if (!named) revert Desk_AddressZero();
        (POSITIONS, INDEX, FUND, WINDOW) = (positions, index, fund, window);
    }

    /// @inheritdoc IExitDesk
    function isIgnored(uint256) external pure returns (bool) {
        return false;
    }
}
