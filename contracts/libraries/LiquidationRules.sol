// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketWord} from "../types/MarketWord.sol";
import {Price, Quote} from "../types/Quantities.sol";

/// @notice Shares of the maintenance margin, in percent.
struct Shares {
    uint256 discount;
    uint256 penalty;
}

/// @notice What a liquidation may cost, and how far it may go.
///
///   discount   = maintenance bps · discount share / 100          how far from the mark a position may be closed
///   penalty    = maintenance bps · penalty share / 100           what the insurance fund receives, of notional
///   band       = [⌈mark · (1 − discount)⌉, ⌊mark · (1 + discount)⌋]
///   needed     : excess after · lots < excess after − excess before, or excess after ≤ 0
///   fewer      = ⌈lots · −excess before / (excess after − excess before)⌉, where not all are needed
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

    /// @notice Discount and penalty of a takeover, each out of what the account still has.
    /// @param notional What is taken over, at the mark.
    /// @param equity What the account has.
    function costs(
        MarketWord market,
        uint256 notional,
        int256 equity,
        Shares memory shares
    ) internal pure returns (uint256 discount, uint256 penalty) {
        if (equity <= 0) return (0, 0);
        unchecked {
            uint256 left = uint256(equity);
            discount = partUp(notional, share(market, shares.discount));
            if (discount > left) discount = left;
            left -= discount;
            penalty = partUp(notional, share(market, shares.penalty));
            if (penalty > left) penalty = left;
        }
    }

    /// @notice Whether the last of `lots` lots was needed to bring the excess from `before` to `left`.
    function isNeeded(uint256 lots, Quote before, Quote left) internal pure returns (bool) {
        unchecked {
            if (Quote.unwrap(left) <= 0) return true;
            return Quote.unwrap(left) * int256(lots) < Quote.unwrap(left) - Quote.unwrap(before);
        }
    }

    /// @notice Lots that would do where `lots` are more than needed: each is taken to add the same, rounded up. At least one, and
    /// fewer than `lots`; with tiers still more than needed at times, so ask again.
    function fewerUp(uint256 lots, Quote before, Quote left) internal pure returns (uint256) {
        unchecked {
            uint256 missing = uint256(-Quote.unwrap(before));
            uint256 gained = uint256(Quote.unwrap(left)) + missing;
            return (lots * missing + gained - 1) / gained;
        }
    }
}
