// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IPriceSource
/// @notice The one question that `FundingIndex` asks about prices.
/// @dev Assumptions. A wrong answer breaks correctness: margin, funding and the price band follow it. No answer, or an old
/// one, breaks liveness only: fills that raise exposure wait, exits do not. `latest` must not revert.
interface IPriceSource {
    /// @notice The last accepted index price of a market.
    /// @param market Number of the market, from 1.
    /// @return price The price in ticks; 0 when there never was one.
    /// @return time The second that the price speaks of; it never falls.
    /// @return clamped Whether the source held the price back, so that the true one lies further on: good enough to value what is
    /// there, not to take on more.
    function latest(uint16 market) external view returns (uint32 price, uint32 time, bool clamped);
}
