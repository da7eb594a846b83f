// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ReportHashing
/// @notice The EIP-712 struct hash of a price report, in one place.
library ReportHashing {
    /// @dev The market is signed although it is posted once for all reports: a report of one market is no report of another.
    bytes32 internal constant REPORT_TYPEHASH = keccak256("Report(uint16 market,uint32 price,uint32 time)");

    /// @notice Hashes what a publisher signs.
    /// @param market The market that the report speaks of.
    /// @param price The price in ticks.
    /// @param time The second that the price was seen.
    /// @return The struct hash; the domain is added by the contract.
    function hash(uint16 market, uint32 price, uint32 time) internal pure returns (bytes32) {
        return keccak256(abi.encode(REPORT_TYPEHASH, market, price, time));
    }
}
