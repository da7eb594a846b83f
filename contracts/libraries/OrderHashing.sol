// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {Nonce} from "../types/Nonce.sol";

/// @notice Memory in which digests are built: `type hash · ten fields` of an order, then `0x1901 · domain · struct hash`.
/// The parts that do not change are written once per batch.
type HashPad is uint256;

/// @notice The one place where signed types are hashed (EIP-712).
library OrderHashing {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint32 account,uint16 market,bool buy,bool immediate,bool postOnly,bool reduceOnly,uint32 price,uint32 size,uint32 expiry,uint40 nonce)"
    );
    bytes32 internal constant LADDER_TYPEHASH = keccak256(
        "Ladder(uint32 account,uint16 market,bool buy,bool postOnly,bool reduceOnly,uint32 expiry,uint40 nonce,uint32[] prices,uint32[] sizes)"
    );
    bytes32 internal constant CANCEL_TYPEHASH = keccak256("Cancel(uint32 account,uint40 nonce)");

    /// @notice Allocates a pad for a domain.
    function newPad(bytes32 domain) internal pure returns (HashPad pad) {
        bytes32 typeHash = ORDER_TYPEHASH;
        assembly ("memory-safe") {
            pad := mload(0x40)
            mstore(0x40, add(pad, 448))
            mstore(pad, typeHash)
            calldatacopy(add(pad, 128), calldatasize(), 96)
            mstore(add(pad, 352), shl(240, 0x1901))
            mstore(add(pad, 354), domain)
        }
    }

    /// @notice Sets immediate, post-only and reduce-only of the orders whose digests follow; at first none is set.
    /// @param flags Flags as in the batch: 1 buy, 2 immediate, 4 post-only, 8 reduce-only.
    function setStyle(HashPad pad, uint256 flags) internal pure {
        assembly ("memory-safe") {
            mstore(add(pad, 128), and(shr(1, flags), 1))
            mstore(add(pad, 160), and(shr(2, flags), 1))
            mstore(add(pad, 192), and(shr(3, flags), 1))
        }
    }

    /// @notice Digest of a single order; its style is in the pad.
    /// @param record The order as in the batch: `position 16 · flags 8 · price 32 · size 32 · expiry 32 · nonce 40` on top.
    function orderDigest(HashPad pad, uint256 account, uint256 market, uint256 record) internal pure returns (bytes32) {
        bytes32 structHash;
        assembly ("memory-safe") {
            mstore(add(pad, 32), account)
            mstore(add(pad, 64), market)
            mstore(add(pad, 96), and(shr(232, record), 1))
            mstore(add(pad, 224), and(shr(200, record), 0xffffffff))
            mstore(add(pad, 256), and(shr(168, record), 0xffffffff))
            mstore(add(pad, 288), and(shr(136, record), 0xffffffff))
            mstore(add(pad, 320), and(shr(96, record), 0xffffffffff))
            structHash := keccak256(pad, 352)
        }
        return digest(pad, structHash);
    }

    /// @notice Digest of a ladder whose levels stand in calldata at `levels`, 8 bytes each.
    function ladderDigest(
        HashPad pad,
        AccountId account,
        MarketId market,
        uint256 flags,
        uint256 expiry,
        Nonce nonce,
        uint256 levels,
        uint256 count
    ) internal pure returns (bytes32) {
        (bytes32 prices, bytes32 sizes) = _hashLevels(levels, count);
        bytes32 structHash = keccak256(
            abi.encode(
                LADDER_TYPEHASH,
                account,
                market,
                flags & 1 != 0,
                flags & 4 != 0,
                flags & 8 != 0,
                expiry,
                Nonce.unwrap(nonce),
                prices,
                sizes
            )
        );
        return digest(pad, structHash);
    }

    /// @notice Digest of a cancel.
    function cancelDigest(HashPad pad, AccountId account, Nonce nonce) internal pure returns (bytes32) {
        return digest(pad, keccak256(abi.encode(CANCEL_TYPEHASH, account, Nonce.unwrap(nonce))));
    }

    /// @notice Digest of any struct hash in the pad's domain.
    function digest(HashPad pad, bytes32 structHash) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            mstore(add(pad, 386), structHash)
            value := keccak256(add(pad, 352), 66)
        }
    }

    /// @notice Signer of a digest under the compact signature (EIP-2098) in calldata at `at`; zero when there is none.
    function recover(bytes32 value, uint256 offset) internal pure returns (address) {
        bytes32 r;
        uint256 vs;
        assembly ("memory-safe") {
            r := calldataload(offset)
            vs := calldataload(add(offset, 32))
        }
        // `ecrecover` clears its output first, so a failed recovery is the zero address and never the one before it.
        unchecked {
            return ecrecover(value, uint8((vs >> 255) + 27), r, bytes32((vs << 1) >> 1));
        }
    }

    /// @dev Array members are hashed over 32-byte words, one per element.
    function _hashLevels(uint256 levels, uint256 count) private pure returns (bytes32 prices, bytes32 sizes) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                mstore(add(buffer, shl(5, i)), shr(224, calldataload(add(levels, shl(3, i)))))
            }
            prices := keccak256(buffer, shl(5, count))
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                mstore(add(buffer, shl(5, i)), shr(224, calldataload(add(add(levels, 4), shl(3, i)))))
            }
            sizes := keccak256(buffer, shl(5, count))
        }
    }
}
