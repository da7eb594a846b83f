// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";

/// @notice Value, margin and price band of positions.
///
///   lot value      = mark · unit
///   margin per lot = ⌈mark · unit · bps / 10^4⌉
///   value          = quote + size · lot value
///   notional       = lots · lot value
///   weighted(x)    = x · (k + 1) − tier · k · (k + 1) / 2,  k = ⌊x / tier⌋
///   initial        = weighted(|size|) · margin per lot at the initial bps
///   maintenance    = |size| · margin per lot at the maintenance bps
///   band           = mark ± ⌊mark · band bps / 10^4⌋
///
/// Initial margin rises with size: each lot of the first tier needs one margin per lot, each of the second two, and so on. So
/// `weighted` is piecewise linear, whole, and x itself up to the first tier. A position ends with its eighth tier.
/// @dev Unchecked: a mark, a unit and basis points have 32, 32 and 16 bits, and the band is below 100 %.
library Margin {
    /// @notice Most tiers that a position may have: its cap.
    uint256 internal constant MOST_TIERS = 8;

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
            return marginUp(lotValue(market), bps);
        }
    }

    /// @notice Margin of a value, not negative, at `bps`, rounded up against the account.
    function marginUp(Quote value, uint256 bps) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256((uint256(Quote.unwrap(value)) * bps + BPS - 1) / BPS));
        }
    }

    /// @notice What a position is worth at the mark, its funding applied, rounded against the account.
    function positionValueDown(MarketWord market, PositionWord position) internal pure returns (Quote) {
        return position.quoteAfterFundingDown(market.index()) + position.size().times(lotValue(market));
    }

    /// @notice The most lots that a position may have.
    function mostLots(MarketWord market) internal pure returns (uint256) {
        unchecked {
            return MOST_TIERS * market.tier().lots();
        }
    }

    /// @notice Value of a number of lots at the mark, quote units without sign.
    function notional(MarketWord market, uint256 lots) internal pure returns (uint256) {
        unchecked {
            return lots * uint256(Quote.unwrap(lotValue(market)));
        }
    }

    /// @notice Initial margin of a position.
    function initial(MarketWord market, Size size) internal pure returns (Quote) {
        uint256 lots = weighted(size.abs(), market.tier().lots());
        return required(lots, lotMarginUp(market, market.initialBps()));
    }

    /// @notice By how much initial margin rises when a position changes its size.
    function initialRise(MarketWord market, Size from, Size to) internal pure returns (Quote) {
        uint256 tier = market.tier().lots();
        Quote perLot = lotMarginUp(market, market.initialBps());
        return required(weighted(to.abs(), tier), perLot) - required(weighted(from.abs(), tier), perLot);
    }

    /// @notice Maintenance margin of a position.
    function maintenance(MarketWord market, Size size) internal pure returns (Quote) {
        return required(size.abs(), lotMarginUp(market, market.maintenanceBps()));
    }

    /// @notice Margin of a number of lots: of `|size|` for maintenance, of `weighted(|size|)` for initial margin.
    function required(uint256 lots, Quote marginPerLot) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(lots) * Quote.unwrap(marginPerLot));
        }
    }

    /// @notice Lots of a position as initial margin counts them.
    /// @param tier Lots of a tier, not zero.
    function weighted(uint256 lots, uint256 tier) internal pure returns (uint256) {
        unchecked {
            if (lots <= tier) return lots;
            uint256 k = lots / tier;
            return lots * (k + 1) - (tier * k * (k + 1)) / 2;
        }
    }

    /// @notice Half the width of the band around the mark, rounded inwards: its edges are that far from the mark.
    function bandDown(Price mark, uint256 bandBps) internal pure returns (uint256) {
        unchecked {
            return (Price.unwrap(mark) * bandBps) / BPS;
        }
    }
}
