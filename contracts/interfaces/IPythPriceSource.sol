// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Scale} from "../libraries/TickScale.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @notice Which of Pyth's feeds speaks of a market, and how its prices become ticks.
struct PythFeed {
    bytes32 id;
    // The widest confidence interval that is a price, basis points of the price.
    uint16 maxConfBps;
    // From whole units of the quote currency to ticks; Pyth's exponent comes on top.
    Scale scale;
}

/// @title IPythPriceSource
/// @notice Index prices from Pyth, as they stand in its contract; whoever wants a newer one pays Pyth to bring it there.
///
///     ticks = ⌊price · 10^expo · multiplier / divisor + 1/2⌋        the nearest tick, half a tick up
///
/// With a tick of 0.1 the scale is 10 / 1.
/// @dev `latest` never reverts. There is no price, `(0, 0, false)`, when Pyth reverts, burns its gas or answers short, when a price
/// is not above zero, from the future or no price of 32 bits, when its confidence is wider than the bound, and when its exponent is
/// beyond ±19. An old price is given with its time, and the mark grows stale.
interface IPythPriceSource is IPriceSource {
    /// @notice Another feed speaks of a market.
    /// @param market The market.
    /// @param feed The feed, its bound of confidence and its scale.
    event FeedChanged(uint16 indexed market, PythFeed feed);

    /// @notice Thrown when Pyth's address is zero.
    error Source_PythZero();

    /// @notice Thrown when a feed is zero.
    error Source_FeedZero(uint16 market);

    /// @notice Thrown when a multiplier or a divisor is zero.
    error Source_ScaleZero(uint16 market);

    /// @notice Thrown when the bound of confidence is zero or above the whole price.
    error Source_ConfidenceOutOfBounds(uint16 market, uint16 maxConfBps, uint256 limit);

    /// @notice Says which feed speaks of a market.
    /// @dev Emits `FeedChanged`. Only the governor.
    /// @param market The market.
    /// @param feed The feed, its bound of confidence and its scale.
    function setFeed(uint16 market, PythFeed calldata feed) external;

    /// @notice Who speaks of a market; zeros for nobody.
    /// @param market The market.
    function feedOf(uint16 market) external view returns (PythFeed memory);

    /// @notice Where Pyth's prices lie.
    function PYTH() external view returns (address);
}
