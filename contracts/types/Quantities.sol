// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A price in ticks. Fits 32 bits wherever it is stored or signed.
type Price is uint256;

/// @notice A signed amount of lots: a position (positive is long) or a change of one.
type Size is int256;

/// @notice A signed amount of quote units, the smallest unit of the collateral token; positive is owed to the trader.
type Quote is int256;

/// @notice The cumulative funding index: quote units per lot, times 2^32.
type Index is int256;

/// @notice A value does not fit the width in which it is stored.
/// @dev Thrown when a checked narrowing cast fails.
error Quantity_OutOfRange(int256 value, uint256 bits);

using {greaterPrice as >, lessPrice as <} for Price global;
using {addSize as +, subSize as -, minusSize as -} for Size global;
using {addQuote as +, subQuote as -, minusQuote as -, lessQuote as <} for Quote global;
using Sizes for Size global;
using Quotes for Quote global;

// The additions below are unchecked: every operand was stored in at most 96 bits and a batch adds fewer than 2^17 terms
// of at most 2^96, so no sum comes near 2^255. Stored results pass through `narrow`.

function addSize(Size a, Size b) pure returns (Size) {
    unchecked {
        return Size.wrap(Size.unwrap(a) + Size.unwrap(b));
    }
}

function subSize(Size a, Size b) pure returns (Size) {
    unchecked {
        return Size.wrap(Size.unwrap(a) - Size.unwrap(b));
    }
}

function minusSize(Size a) pure returns (Size) {
    unchecked {
        return Size.wrap(-Size.unwrap(a));
    }
}

function addQuote(Quote a, Quote b) pure returns (Quote) {
    unchecked {
        return Quote.wrap(Quote.unwrap(a) + Quote.unwrap(b));
    }
}

function subQuote(Quote a, Quote b) pure returns (Quote) {
    unchecked {
        return Quote.wrap(Quote.unwrap(a) - Quote.unwrap(b));
    }
}

function minusQuote(Quote a) pure returns (Quote) {
    unchecked {
        return Quote.wrap(-Quote.unwrap(a));
    }
}

function lessQuote(Quote a, Quote b) pure returns (bool) {
    return Quote.unwrap(a) < Quote.unwrap(b);
}

function greaterPrice(Price a, Price b) pure returns (bool) {
    return Price.unwrap(a) > Price.unwrap(b);
}

function lessPrice(Price a, Price b) pure returns (bool) {
    return Price.unwrap(a) < Price.unwrap(b);
}

/// @notice What a position size says of itself.
library Sizes {
    /// @notice `lots` bought, or sold where `sellMask` is all ones.
    function signed(uint256 lots, uint256 sellMask) internal pure returns (Size) {
        unchecked {
            return Size.wrap(int256((lots ^ sellMask) - sellMask));
        }
    }

    function isZero(Size a) internal pure returns (bool) {
        return Size.unwrap(a) == 0;
    }

    /// @notice Number of lots without the sign.
    function abs(Size a) internal pure returns (uint256) {
        unchecked {
            int256 raw = Size.unwrap(a);
            int256 mask = raw >> 255;
            return uint256((raw ^ mask) - mask);
        }
    }

    /// @notice Whether the two have different signs; zero counts as positive.
    function opposes(Size a, Size b) internal pure returns (bool) {
        return Size.unwrap(a) ^ Size.unwrap(b) < 0;
    }

    /// @notice Value of the lots at an amount per lot.
    function times(Size a, Quote perLot) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(Size.unwrap(a) * Quote.unwrap(perLot));
        }
    }

    /// @notice The value as stored in 64 bits, or `Quantity_OutOfRange`.
    function narrow(Size a) internal pure returns (int64 narrowed) {
        narrowed = int64(Size.unwrap(a));
        if (narrowed != Size.unwrap(a)) revert Quantity_OutOfRange(Size.unwrap(a), 64);
    }
}

/// @notice What an amount of quote units says of itself.
library Quotes {
    /// @notice The amount, or its opposite where `sellMask` is all ones.
    function signed(Quote a, uint256 sellMask) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256((uint256(Quote.unwrap(a)) ^ sellMask) - sellMask));
        }
    }

    /// @notice The amount less a fee.
    function less(Quote a, uint256 fee) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(Quote.unwrap(a) - int256(fee));
        }
    }

    function isZero(Quote a) internal pure returns (bool) {
        return Quote.unwrap(a) == 0;
    }

    function isNegative(Quote a) internal pure returns (bool) {
        return Quote.unwrap(a) < 0;
    }

    /// @notice The smaller of the amount and zero: what is left of a value when profit does not count.
    function minZero(Quote a) internal pure returns (Quote) {
        return Quote.unwrap(a) < 0 ? a : Quote.wrap(0);
    }

    /// @notice The value as stored in 96 bits, or `Quantity_OutOfRange`.
    function narrow(Quote a) internal pure returns (int96 narrowed) {
        narrowed = int96(Quote.unwrap(a));
        if (narrowed != Quote.unwrap(a)) revert Quantity_OutOfRange(Quote.unwrap(a), 96);
    }
}
