// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketWord} from "../types/MarketWord.sol";
import {Price, Quote} from "../types/Quantities.sol";

/// @notice What a liquidation may cost, and how far it may go.
///
///   discount   = maintenance bps · discount share / 100          how far from the mark a position may be closed
///   penalty    = maintenance bps · penalty share / 100           what the insurance fund receives, of notional
///   band       = [⌈mark · (1 − discount)⌉, ⌊mark · (1 + discount)⌋]
///   needed     : excess after · lots < excess after − excess before, or excess after ≤ 0
///
/// Together the two shares are below 100, so a liquidation at the maintenance margin leaves equity. One lot less than is
/// needed would leave the account below its initial margin: each lot adds the same to the excess.
/// @dev All ratios are parts of 10^6: basis points times a share in percent.
library LiquidationRules {
    uint256 internal constant SCALE = 1_000_000;

    /// @notice A share of a market's maintenance margin, parts of 10^6.
    /// @param percent The share.
    function share(MarketWord market, uint256 percent) internal pure returns (uint256) {
        unchecked {
            return market.maintenanceBps() * percent;
        }
    }

    /// @notice Lowest price at which a long position may be closed, rounded in its favour.
    function lowUp(Price mark, uint256 discount) internal pure returns (Price) {
        unchecked {
            return Price.wrap((Price.unwrap(mark) * (SCALE - discount) + SCALE - 1) / SCALE);
        }
    }

    /// @notice Highest price at which a short position may be closed, rounded in its favour.
    function highDown(Price mark, uint256 discount) internal pure returns (Price) {
        unchecked {
            return Price.wrap((Price.unwrap(mark) * (SCALE + discount)) / SCALE);
        }
    }

    /// @notice A part of a notional, rounded up against the account.
    function partUp(uint256 notional, uint256 ratio) internal pure returns (uint256) {
        unchecked {
            return (notional * ratio + SCALE - 1) / SCALE;
        }
    }

    /// @notice Whether the last of `lots` lots was needed to bring the excess from `before` to `left`.
    function isNeeded(uint256 lots, Quote before, Quote left) internal pure returns (bool) {
        unchecked {
            if (Quote.unwrap(left) <= 0) return true;
            return Quote.unwrap(left) * int256(lots) < Quote.unwrap(left) - Quote.unwrap(before);
        }
    }
}
