// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketWord} from "../types/MarketWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";

/// @notice Value, margin and price band of positions.
///
///   lot value      = mark · unit
///   margin per lot = ⌈mark · unit · bps / 10^4⌉
///   value          = quote + size · lot value
///   required       = |size| · margin per lot
///   band           = [⌈mark · (10^4 − band) / 10^4⌉, ⌊mark · (10^4 + band) / 10^4⌋]
/// @dev Unchecked: a mark, a unit and basis points have 32, 32 and 16 bits, and the band is below 100 %.
library Margin {
    uint256 private constant BPS = 10_000;

    /// @notice Quote units of one lot at the mark.
    function lotValue(MarketWord market) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Price.unwrap(market.mark()) * market.unit()));
        }
    }

    /// @notice Margin of one lot at `bps`, rounded up against the account.
    function lotMarginUp(MarketWord market, uint256 bps) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256((Price.unwrap(market.mark()) * market.unit() * bps + BPS - 1) / BPS));
        }
    }

    /// @notice What a position is worth at the mark, its funding applied.
    function positionValue(Size size, Quote quote, Quote perLot) internal pure returns (Quote) {
        unchecked {
            return quote + Quote.wrap(Size.unwrap(size) * Quote.unwrap(perLot));
        }
    }

    /// @notice Margin that a position needs.
    function required(Size size, Quote marginPerLot) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(size.abs()) * Quote.unwrap(marginPerLot));
        }
    }

    /// @notice Lowest price in the band around the mark, rounded inwards.
    function bandLowUp(Price mark, uint256 bandBps) internal pure returns (Price) {
        unchecked {
            return Price.wrap((Price.unwrap(mark) * (BPS - bandBps) + BPS - 1) / BPS);
        }
    }

    /// @notice Highest price in the band around the mark, rounded inwards.
    function bandHighDown(Price mark, uint256 bandBps) internal pure returns (Price) {
        unchecked {
            return Price.wrap((Price.unwrap(mark) * (BPS + bandBps)) / BPS);
        }
    }
}
