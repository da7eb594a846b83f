// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "./Ids.sol";
import {MarketWord} from "./MarketWord.sol";
import {Index, Price, Quote, Size} from "./Quantities.sol";
import {Margin} from "../libraries/Margin.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A market while a batch is worked on: a pointer to its record in memory.
/// @dev What is asked once per fill or position is worked out once per batch; fees and unit are read from `word`.
type LiveMarket is uint256;

/// @notice What a batch settled in a market: `liquidated 1 · fees 79 · lots 48 · Σ size × price 80 · closed 48`. Sums, so a fill
/// is one addition: 2^16 fills of 32-bit sizes and prices have 48 and 80 bits. Fees come out of equity: 79 bits hold those of
/// 2^24 accounts with all the collateral that an account can have.
/// @dev Lots and value are those of ordinary fills, of which the premium is a sample. `closed` counts the lots by which positions
/// moved towards zero, on both sides. Every lot settled moves two positions by one, so the open interest grows by `lots − closed`.
/// A liquidation closes the liquidated side's lots: it counts for nothing in `lots`, and for the other side's in `closed`.
type Settled is uint256;

using LiveMarkets for LiveMarket global;
using SettledSums for Settled global;

/// @notice Adds up and reads what was settled.
library SettledSums {
    uint256 private constant LIQUIDATED = 1 << 255;
    uint256 private constant FEES = 176;
    uint256 private constant VOLUME = 128;
    uint256 private constant VALUE = 48;

    /// @notice The sums with one fill more.
    function plus(Settled self, uint256 size, uint256 value_) internal pure returns (Settled) {
        unchecked {
            return Settled.wrap(Settled.unwrap(self) + (size << VOLUME) + (value_ << VALUE));
        }
    }

    /// @notice The sums with more lots closed.
    function closing(Settled self, uint256 lots) internal pure returns (Settled) {
        unchecked {
            return Settled.wrap(Settled.unwrap(self) + lots);
        }
    }

    /// @notice The sums with a liquidation among them, which may leave every sum as it was.
    function liquidating(Settled self) internal pure returns (Settled) {
        return Settled.wrap(Settled.unwrap(self) | LIQUIDATED);
    }

    /// @notice The sums with more fees.
    function charging(Settled self, uint256 fees_) internal pure returns (Settled) {
        unchecked {
            return Settled.wrap(Settled.unwrap(self) + (fees_ << FEES));
        }
    }

    /// @notice Lots of ordinary fills.
    function volume(Settled self) internal pure returns (uint256) {
        return uint48(Settled.unwrap(self) >> VOLUME);
    }

    /// @notice Sum of size × price of ordinary fills.
    function value(Settled self) internal pure returns (uint256) {
        return uint80(Settled.unwrap(self) >> VALUE);
    }

    /// @notice Fees of both sides, quote units.
    function fees(Settled self) internal pure returns (uint256) {
        return (Settled.unwrap(self) & ~LIQUIDATED) >> FEES;
    }

    /// @notice By how much the open interest grows; negative when it falls.
    function grown(Settled self) internal pure returns (int256) {
        unchecked {
            return int256(volume(self)) - int256(uint256(uint48(Settled.unwrap(self))));
        }
    }

    /// @notice Whether nothing was settled.
    function isEmpty(Settled self) internal pure returns (bool) {
        return Settled.unwrap(self) == 0;
    }
}

/// @notice Fields of a `LiveMarket`.
library LiveMarkets {
    uint256 private constant MARKET = 160;

    /// @dev Words of one record.
    uint256 internal constant WORDS = 12;

    /// @notice The record `i` places after this one.
    function skip(LiveMarket self, uint256 i) internal pure returns (LiveMarket) {
        unchecked {
            return LiveMarket.wrap(LiveMarket.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice Sets up a record; `setPrices` follows.
    /// @param reach_ What an account lacks for bringing this market.
    function begin(LiveMarket self, MarketId id_, MarketWord word_, Quote reach_) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self), MarketWord.unwrap(word_));
            Memory.store(LiveMarket.unwrap(self) + 32, uint256(MarketId.unwrap(id_)) << MARKET);
            Memory.store(LiveMarket.unwrap(self) + 64, uint256(Quote.unwrap(reach_)));
            Memory.store(LiveMarket.unwrap(self) + 256, uint256(Index.unwrap(word_.index())));
            Memory.store(LiveMarket.unwrap(self) + 288, word_.tier().lots());
        }
        setSettled(self, Settled.wrap(0));
    }

    /// @dev Sets what follows from the mark.
    function setPrices(LiveMarket self, Price low_, Price high_, Quote lotValue_, Quote lotMarginUp_) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 96, Price.unwrap(low_));
            Memory.store(LiveMarket.unwrap(self) + 128, Price.unwrap(high_));
            Memory.store(LiveMarket.unwrap(self) + 160, uint256(Quote.unwrap(lotValue_)));
            Memory.store(LiveMarket.unwrap(self) + 192, uint256(Quote.unwrap(lotMarginUp_)));
        }
    }

    /// @notice Lots of a tier.
    function tier(LiveMarket self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveMarket.unwrap(self) + 288);
        }
    }

    /// @notice Initial margin of a position.
    function margin(LiveMarket self, Size size) internal pure returns (Quote) {
        uint256 lots = size.abs();
        if (lots > tier(self)) lots = Margin.weighted(lots, tier(self));
        return Margin.required(lots, lotMarginUp(self));
    }

    /// @notice Penalty of a liquidation, parts of 10^6 of notional; known once a liquidation order was loaded.
    function penaltyPpm(LiveMarket self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveMarket.unwrap(self) + 320);
        }
    }

    /// @notice Penalty of the liquidation that was filled last.
    function penalty(LiveMarket self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveMarket.unwrap(self) + 352);
        }
    }

    /// @dev Sets `penalty`.
    function setPenalty(LiveMarket self, uint256 value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 352, value);
        }
    }

    /// @dev Sets `penaltyPpm`.
    function setPenaltyPpm(LiveMarket self, uint256 value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 320, value);
        }
    }

    /// @notice The market word.
    function word(LiveMarket self) internal pure returns (MarketWord) {
        return MarketWord.wrap(Memory.load(LiveMarket.unwrap(self)));
    }

    /// @notice Market number.
    function id(LiveMarket self) internal pure returns (MarketId) {
        unchecked {
            return MarketId.wrap(uint16(tag(self) >> MARKET));
        }
    }

    /// @notice Market number as orders carry it, 160 bits up.
    function tag(LiveMarket self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveMarket.unwrap(self) + 32);
        }
    }

    /// @notice What an account lacks for bringing this market: nothing, or more than it has while the mark is stale or the
    /// market held.
    function reach(LiveMarket self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 64)));
        }
    }

    /// @notice Lowest fill price in the band around the mark.
    function low(LiveMarket self) internal pure returns (Price) {
        unchecked {
            return Price.wrap(Memory.load(LiveMarket.unwrap(self) + 96));
        }
    }

    /// @notice Highest fill price in the band around the mark.
    function high(LiveMarket self) internal pure returns (Price) {
        unchecked {
            return Price.wrap(Memory.load(LiveMarket.unwrap(self) + 128));
        }
    }

    /// @notice Value of one lot at the mark.
    function lotValue(LiveMarket self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 160)));
        }
    }

    /// @notice Initial margin of one lot, rounded up.
    function lotMarginUp(LiveMarket self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 192)));
        }
    }

    /// @notice What the batch settled so far.
    function settled(LiveMarket self) internal pure returns (Settled) {
        unchecked {
            return Settled.wrap(Memory.load(LiveMarket.unwrap(self) + 224));
        }
    }

    /// @dev Sets `settled`.
    function setSettled(LiveMarket self, Settled value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 224, Settled.unwrap(value));
        }
    }

    /// @notice Cumulative funding index.
    function index(LiveMarket self) internal pure returns (Index) {
        unchecked {
            return Index.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 256)));
        }
    }
}
