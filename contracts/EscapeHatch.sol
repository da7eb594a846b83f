// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IEscapeHatch} from "./interfaces/IEscapeHatch.sol";
import {IExitDesk} from "./interfaces/IExitDesk.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";
import {ISequencerWatch} from "./interfaces/ISequencerWatch.sol";
import {IWithdrawalQueue} from "./interfaces/IWithdrawalQueue.sol";

/// @title EscapeHatch
/// @notice Freezes the venue for good and pays every account its share; see `IEscapeHatch`.
contract EscapeHatch is IEscapeHatch {
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
        (POSITIONS, VAULT, QUEUE, DESK, WATCH, LIVENESS) = (positions, vault, queue, desk, watch, liveness);
    }
}
