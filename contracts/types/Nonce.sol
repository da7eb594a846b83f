// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The 40-bit nonce of an order. Resting: `slot 8 · epoch 32`. Immediate: a number of 32 bits.
type Nonce is uint256;

using Nonces for Nonce global;

/// @notice Reads the parts of a nonce.
library Nonces {
    /// @notice Order slot of a resting nonce, 0 to 255.
    function slot(Nonce self) internal pure returns (uint256) {
        return Nonce.unwrap(self) >> 32;
    }

    /// @notice Epoch of a resting nonce, or the number of an immediate one.
    function epoch(Nonce self) internal pure returns (uint256) {
        return uint32(Nonce.unwrap(self));
    }

    /// @notice Whether the nonce is a plain 32-bit number, as immediate orders need.
    function isNumber(Nonce self) internal pure returns (bool) {
        return Nonce.unwrap(self) >> 32 == 0;
    }
}
