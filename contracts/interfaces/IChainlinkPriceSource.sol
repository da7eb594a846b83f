// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Scale} from "../libraries/TickScale.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @notice Who speaks of a market, and how its answers become ticks.
struct ChainlinkFeed {
    address aggregator;
    // An answer at or below `min`, or at or above `max`, is no price: there the aggregator stops following the market.
    uint128 min;
    uint128 max;
    Scale scale;
}

/// @title IChainlinkPriceSource
/// @notice Index prices from Chainlink-style aggregators.
///
///     ticks = ⌊answer · multiplier / divisor + 1/2⌋        the nearest tick, half a tick up
///
/// With 8 decimals and a tick of 0.1 the scale is 1 / 10^7.
/// @dev `latest` never reverts. There is no price, `(0, 0, false)`, when the aggregator reverts, burns its gas or answers short,
/// when a round is incomplete, carried over or from the future, and when the answer is not above zero, at a bound, or no price of
/// 32 bits. An old answer is given with its time, and the mark grows stale. Assumptions: as for the aggregator's own
/// users, one operator set speaks for a market, so a wrong answer within the bounds breaks correctness.
interface IChainlinkPriceSource is IPriceSource {
    /// @notice Another aggregator speaks of a market.
    /// @param market The market.
    /// @param feed The aggregator, its bounds and its scale.
    event FeedChanged(uint16 indexed market, ChainlinkFeed feed);

    /// @notice Thrown when an aggregator is the zero address.
    error Source_FeedZero(uint16 market);

    /// @notice Thrown when a multiplier or a divisor is zero.
    error Source_ScaleZero(uint16 market);

    /// @notice Thrown when no answer lies between the bounds.
    error Source_BoundsCrossed(uint16 market, uint128 min, uint128 max);

    /// @notice Says which aggregator speaks of a market.
    /// @dev Emits `FeedChanged`. Only the governor.
    /// @param market The market.
    /// @param feed The aggregator, its bounds and its scale.
    function setFeed(uint16 market, ChainlinkFeed calldata feed) external;

    /// @notice Who speaks of a market; zeros for nobody.
    /// @param market The market.
    function feedOf(uint16 market) external view returns (ChainlinkFeed memory);
}
