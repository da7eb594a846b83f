// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICollateralVault} from "./ICollateralVault.sol";
import {IExitDesk} from "./IExitDesk.sol";
import {IPerpPositions} from "./IPerpPositions.sol";
import {ISequencerWatch} from "./ISequencerWatch.sol";
import {IWithdrawalQueue} from "./IWithdrawalQueue.sol";

/// @title EscapeHatch
/// @notice Freezes the venue for good and pays every account its share.
interface IEscapeHatch {
    /// @notice Thrown when a constructor argument is the zero address.
    error Hatch_AddressZero();

    /// @notice The contract that is frozen.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice What pays.
    function VAULT() external view returns (ICollateralVault);

    /// @notice Whose tickets are paid first.
    function QUEUE() external view returns (IWithdrawalQueue);

    /// @notice Whose requests may not be ignored.
    function DESK() external view returns (IExitDesk);

    /// @notice Whether the chain was just down.
    function WATCH() external view returns (ISequencerWatch);

    /// @notice Seconds without a batch after which anybody may freeze.
    function LIVENESS() external view returns (uint32);
}
