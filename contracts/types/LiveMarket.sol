// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "./Ids.sol";
import {MarketWord} from "./MarketWord.sol";
import {Price, Quote} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A market while a batch is worked on: a pointer to its record in memory.
/// @dev Fees, unit and index are read from `word`.
type LiveMarket is uint256;

using LiveMarkets for LiveMarket global;

/// @notice Fields of a `LiveMarket`.
library LiveMarkets {
    /// @dev Words of one record.
    uint256 internal constant WORDS = 8;

    /// @notice The record `i` places after this one.
    function skip(LiveMarket self, uint256 i) internal pure returns (LiveMarket) {
        unchecked {
            return LiveMarket.wrap(LiveMarket.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice The market word.
    function word(LiveMarket self) internal pure returns (MarketWord) {
        unchecked {
            return MarketWord.wrap(Memory.load(LiveMarket.unwrap(self)));
        }
    }

    /// @dev Sets `word`.
    function setWord(LiveMarket self, MarketWord value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self), MarketWord.unwrap(value));
        }
    }

    /// @notice Market number.
    function id(LiveMarket self) internal pure returns (MarketId) {
        unchecked {
            return MarketId.wrap(uint16(Memory.load(LiveMarket.unwrap(self) + 32)));
        }
    }

    /// @dev Sets `id`.
    function setId(LiveMarket self, MarketId value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 32, MarketId.unwrap(value));
        }
    }

    /// @notice Whether the mark is fresh.
    function fresh(LiveMarket self) internal pure returns (bool) {
        unchecked {
            return Memory.load(LiveMarket.unwrap(self) + 64) != 0;
        }
    }

    /// @dev Sets `fresh`.
    function setFresh(LiveMarket self, bool value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 64, value ? 1 : 0);
        }
    }

    /// @notice Lowest fill price in the band around the mark.
    function low(LiveMarket self) internal pure returns (Price) {
        unchecked {
            return Price.wrap(Memory.load(LiveMarket.unwrap(self) + 96));
        }
    }

    /// @dev Sets `low`.
    function setLow(LiveMarket self, Price value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 96, Price.unwrap(value));
        }
    }

    /// @notice Highest fill price in the band around the mark.
    function high(LiveMarket self) internal pure returns (Price) {
        unchecked {
            return Price.wrap(Memory.load(LiveMarket.unwrap(self) + 128));
        }
    }

    /// @dev Sets `high`.
    function setHigh(LiveMarket self, Price value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 128, Price.unwrap(value));
        }
    }

    /// @notice Value of one lot at the mark.
    function lotValue(LiveMarket self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 160)));
        }
    }

    /// @dev Sets `lotValue`.
    function setLotValue(LiveMarket self, Quote value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 160, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice Initial margin of one lot, rounded up.
    function lotMarginUp(LiveMarket self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveMarket.unwrap(self) + 192)));
        }
    }

    /// @dev Sets `lotMarginUp`.
    function setLotMarginUp(LiveMarket self, Quote value) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 192, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice What the batch settled so far: lots, and sum of size × price.
    function settled(LiveMarket self) internal pure returns (uint256 volume, uint256 value) {
        unchecked {
            uint256 both = Memory.load(LiveMarket.unwrap(self) + 224);
            return (both >> 128, uint128(both));
        }
    }

    /// @notice Adds a fill to what the batch settled; 2^16 fills of 2^64 tick-lots stay far below 128 bits.
    function addSettled(LiveMarket self, uint256 size, uint256 value) internal pure {
        unchecked {
            uint256 pointer = LiveMarket.unwrap(self) + 224;
            Memory.store(pointer, Memory.load(pointer) + (size << 128) + value);
        }
    }

    /// @dev Sets what the batch settled to nothing.
    function clearSettled(LiveMarket self) internal pure {
        unchecked {
            Memory.store(LiveMarket.unwrap(self) + 224, 0);
        }
    }
}
