// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bound} from "./Bound.sol";
import {Index, Price} from "./Quantities.sol";

/// @notice What settlement needs of a market, in one storage word: `mark 32 · unit 23 · held 1 · index int72 · initial bps
/// 14 · maintenance bps 14 · taker fee 14 · maker fee 14 · tier 13 · fresh until 32 · due at 27`.
/// @dev Basis points and fees are at most 10,000. The two times say what a batch asks: is the mark good, is funding due
/// (in minutes, because periods begin on whole minutes).
/// While a market is held its mark is good for everything but raising exposure.
type MarketWord is uint256;

using MarketWords for MarketWord global;
using {notEqualsWord as !=} for MarketWord global;

function notEqualsWord(MarketWord a, MarketWord b) pure returns (bool) {
    return MarketWord.unwrap(a) != MarketWord.unwrap(b);
}

/// @notice Reads and replaces the fields of a market word.
library MarketWords {
    uint256 private constant MARK = 224;
    uint256 private constant UNIT = 201;
    uint256 private constant HELD = 200;
    uint256 private constant INDEX = 128;
    uint256 private constant INITIAL = 114;
    uint256 private constant MAINTENANCE = 100;
    uint256 private constant TAKER = 86;
    uint256 private constant MAKER = 72;
    uint256 private constant TIER = 59;
    uint256 private constant FRESH = 27;
    uint256 private constant TIER_MASK = 0x1fff;
    uint256 private constant DUE_MASK = 0x7ffffff;
    uint256 private constant RATIO = 0x3fff;
    uint256 private constant UNIT_MASK = 0x7fffff;

    /// @notice A new market word without a mark, margins and fees.
    function listed(uint24 unit_, Index index_) internal pure returns (MarketWord) {
        return withIndex(MarketWord.wrap(uint256(unit_) << UNIT), index_);
    }

    /// @notice Mark price in ticks; zero before the first price.
    function mark(MarketWord self) internal pure returns (Price) {
        return Price.wrap(MarketWord.unwrap(self) >> MARK);
    }

    /// @notice Quote units per tick and lot; zero for a market that is not listed.
    function unit(MarketWord self) internal pure returns (uint256) {
        return (MarketWord.unwrap(self) >> UNIT) & UNIT_MASK;
    }

    /// @notice Cumulative funding index.
    function index(MarketWord self) internal pure returns (Index) {
        return Index.wrap(int72(uint72(MarketWord.unwrap(self) >> INDEX)));
    }

    /// @notice Initial margin in basis points of notional.
    function initialBps(MarketWord self) internal pure returns (uint256) {
        return (MarketWord.unwrap(self) >> INITIAL) & RATIO;
    }

    /// @notice Maintenance margin in basis points of notional.
    function maintenanceBps(MarketWord self) internal pure returns (uint256) {
        return (MarketWord.unwrap(self) >> MAINTENANCE) & RATIO;
    }

    /// @notice Taker fee in parts of 10^6 of notional.
    function takerFee(MarketWord self) internal pure returns (uint256) {
        return (MarketWord.unwrap(self) >> TAKER) & RATIO;
    }

    /// @notice Maker fee in parts of 10^6 of notional.
    function makerFee(MarketWord self) internal pure returns (uint256) {
        return (MarketWord.unwrap(self) >> MAKER) & RATIO;
    }

    /// @notice Lots of a tier of initial margin; see `Margin`.
    function tier(MarketWord self) internal pure returns (Bound) {
        return Bound.wrap((MarketWord.unwrap(self) >> TIER) & TIER_MASK);
    }

    /// @notice Last second at which the mark is good.
    function freshUntil(MarketWord self) internal pure returns (uint256) {
        return uint32(MarketWord.unwrap(self) >> FRESH);
    }

    /// @notice Whether exposure may not be raised although the mark may be good.
    function isHeld(MarketWord self) internal pure returns (bool) {
        return (MarketWord.unwrap(self) >> HELD) & 1 != 0;
    }

    /// @notice 2^200 while exposure may not be raised, because the mark is stale or the market is held; otherwise zero.
    /// @dev Bit 200 is the one that says held, and is among those that the difference of two times sets when it is negative.
    function barrier(MarketWord self) internal view returns (uint256) {
        unchecked {
            return ((freshUntil(self) - block.timestamp) | MarketWord.unwrap(self)) & (1 << HELD);
        }
    }

    /// @notice Whether the mark is good now.
    function isFresh(MarketWord self) internal view returns (bool) {
        return block.timestamp <= freshUntil(self);
    }

    /// @notice Whether a funding period has ended that was not accrued, or the market is not listed.
    function isDue(MarketWord self) internal view returns (bool) {
        unchecked {
            return block.timestamp >= (MarketWord.unwrap(self) & DUE_MASK) * 60;
        }
    }

    /// @notice The same market at another mark.
    function withMark(MarketWord self, uint32 mark_, uint32 freshUntil_) internal pure returns (MarketWord) {
        uint256 kept =
            MarketWord.unwrap(self) & ~((uint256(type(uint32).max) << MARK) | (uint256(type(uint32).max) << FRESH));
        return MarketWord.wrap(kept | (uint256(mark_) << MARK) | (uint256(freshUntil_) << FRESH));
    }

    /// @notice The same market, held or not.
    function withHeld(MarketWord self, bool held) internal pure returns (MarketWord) {
        uint256 kept = MarketWord.unwrap(self) & ~(uint256(1) << HELD);
        return MarketWord.wrap(held ? kept | (1 << HELD) : kept);
    }

    /// @notice The same market with other margins, basis points.
    function withMargins(
        MarketWord self,
        uint256 initialBps_,
        uint256 maintenanceBps_
    ) internal pure returns (MarketWord) {
        uint256 kept = MarketWord.unwrap(self) & ~((RATIO << INITIAL) | (RATIO << MAINTENANCE));
        return MarketWord.wrap(kept | (initialBps_ << INITIAL) | (maintenanceBps_ << MAINTENANCE));
    }

    /// @notice The same market with other fees, parts of 10^6.
    function withFees(MarketWord self, uint256 takerFee_, uint256 makerFee_) internal pure returns (MarketWord) {
        uint256 kept = MarketWord.unwrap(self) & ~((RATIO << TAKER) | (RATIO << MAKER));
        return MarketWord.wrap(kept | (takerFee_ << TAKER) | (makerFee_ << MAKER));
    }

    /// @notice The same market with funding due at another second, a whole minute.
    function withDue(MarketWord self, uint32 dueAt) internal pure returns (MarketWord) {
        return MarketWord.wrap((MarketWord.unwrap(self) & ~DUE_MASK) | (dueAt / 60));
    }

    /// @notice The same market with another tier.
    function withTier(MarketWord self, Bound tier_) internal pure returns (MarketWord) {
        return MarketWord.wrap((MarketWord.unwrap(self) & ~(TIER_MASK << TIER)) | (Bound.unwrap(tier_) << TIER));
    }

    /// @notice The same market at another funding index; the caller has checked that it fits.
    function withIndex(MarketWord self, Index index_) internal pure returns (MarketWord) {
        uint256 kept = MarketWord.unwrap(self) & ~(uint256(type(uint72).max) << INDEX);
        return MarketWord.wrap(kept | (uint256(uint72(int72(Index.unwrap(index_)))) << INDEX));
    }
}
