// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ISequencerWatch
/// @notice Was the chain just down?
interface ISequencerWatch {
    /// @notice Whether accounts may be liquidated: the chain is up, and was for a grace period.
    function isCalm() external view returns (bool);
}
