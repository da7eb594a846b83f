// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What one publisher says about one market, and its signature. The market stands beside the list of reports.
struct Report {
    /// The index price, in ticks.
    uint32 price;
    /// When the publisher saw it, in seconds since 1970.
    uint32 time;
    /// First half of the signature.
    bytes32 r;
    /// Second half and parity in the highest bit, as in EIP-2098.
    bytes32 vs;
}
