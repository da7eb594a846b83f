// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "../types/Ids.sol";
import {IGuardianPause} from "../interfaces/IGuardianPause.sol";
import {MarketTerms} from "./MarketTerms.sol";

/// @notice A bounded pause of new exposure; see `IGuardianPause`.
abstract contract GuardianPause is MarketTerms {
    /// @inheritdoc IGuardianPause
    uint32 public constant PAUSE = 1 days;

    /// @inheritdoc IGuardianPause
    uint32 public constant REST = 7 days;

    /// @inheritdoc IGuardianPause
    uint32 public pausedUntil;

    /// @inheritdoc IGuardianPause
    function pause(MarketId[] calldata markets) external restricted {
        if (markets.length == 0) revert Pause_MarketsMissing();
        uint32 until = _pauseEnd();
        for (uint256 i; i < markets.length; ++i) {
            MarketId market = markets[i];
            _interims[market].pausedUntil = until;
            POSITIONS.setMarket(market, _listed(market).withHeld(true));
            emit MarketPaused(market, until);
        }
    }

    /// @dev The end of the pause that lasts, or of the one that begins with it.
    function _pauseEnd() private returns (uint32 until) {
        until = pausedUntil;
        if (block.timestamp < until) return until;
        if (until != 0 && block.timestamp < until + REST) revert Pause_Resting(block.timestamp, until + REST);
        until = uint32(block.timestamp) + PAUSE;
        pausedUntil = until;
    }
}
