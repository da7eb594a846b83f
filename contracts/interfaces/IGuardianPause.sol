// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "../types/Ids.sol";

/// @title GuardianPause
/// @notice A guardian may pause new exposure in markets, for a bounded time and not again before a rest.
/// @dev A paused market is held: its mark stays good for withdrawals, liquidations and fills that lower exposure, and exits ask nothing of
/// it but a forced close, whose time it stops. The first refresh after the pause ends it; without a refresh marks grow stale, so that nothing waits for the guardian. A pause that
/// lasts, and the rest after it, hold for the next guardian too.
interface IGuardianPause {
    /// @notice A market is paused.
    /// @param market The market.
    /// @param until First second after the pause.
    event MarketPaused(MarketId indexed market, uint32 until);

    /// @notice Thrown when a pause names no market.
    error Pause_MarketsMissing();

    /// @notice Thrown when a pause would begin before the rest after the last one is over.
    error Pause_Resting(uint256 current, uint256 restsUntil);

    /// @notice Pauses markets at once, until `PAUSE` seconds after the first call of this pause. Further markets may be named
    /// while it lasts; it cannot be made longer, and the next one may begin `REST` seconds after its end.
    /// @dev Emits `MarketPaused` for each market. Only the guardian.
    /// @param markets Markets to pause.
    function pause(MarketId[] calldata markets) external;

    /// @notice First second after the latest pause; 0 when there never was one.
    function pausedUntil() external view returns (uint32);

    /// @notice Seconds that a pause lasts.
    function PAUSE() external view returns (uint32);

    /// @notice Seconds from the end of a pause until the next may begin.
    function REST() external view returns (uint32);
}
