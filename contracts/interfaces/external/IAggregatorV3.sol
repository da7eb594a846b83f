// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IAggregatorV3
/// @notice The part of Chainlink's AggregatorV3Interface that is asked here. A feed of prices and a feed that says whether an L2's
/// sequencer is up have the same function.
interface IAggregatorV3 {
    /// @notice The last round.
    /// @return roundId Number of the round.
    /// @return answer The price in units of the feed's decimals; for an uptime feed 0 is up and 1 is down.
    /// @return startedAt When the round began; for an uptime feed, when the status last changed.
    /// @return updatedAt When the answer was written; 0 while the round is incomplete.
    /// @return answeredInRound The round in which the answer was made; lower than `roundId` when it was carried over.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
