// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFundingIndex} from "./IFundingIndex.sol";
import {IInsuranceFund} from "./IInsuranceFund.sol";
import {IPerpPositions} from "./IPerpPositions.sol";

/// @title ExitDesk
/// @notice Exits that somebody else carries: signed requests, forced withdrawals and forced closes.
interface IExitDesk {
    /// @notice Thrown when a constructor argument is the zero address.
    error Desk_AddressZero();

    /// @notice Whether a forced close was ignored: neither served nor withdrawn in twice the window.
    /// @param request Number of the request.
    function isIgnored(uint256 request) external view returns (bool);

    /// @notice The contract whose accounts leave.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice Its funding index.
    function INDEX() external view returns (IFundingIndex);

    /// @notice The insurance fund.
    function FUND() external view returns (IInsuranceFund);

    /// @notice Seconds in which the operator may serve a forced request before anybody may.
    function WINDOW() external view returns (uint32);
}
