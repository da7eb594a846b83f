// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Withdrawal} from "../types/Withdrawal.sol";

/// @title WithdrawalHashing
/// @notice The EIP-712 digest of a withdrawal, in one place.
library WithdrawalHashing {
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,address recipient,uint256 amount,uint64 nonce,uint256 deadline)"
    );

    /// @notice Hashes what an owner signs.
    /// @param domain Separator of the contract that takes it.
    /// @param withdrawal What is signed.
    function digest(bytes32 domain, Withdrawal calldata withdrawal) internal pure returns (bytes32) {
        // All fields are static: one after the other is the encoding of a struct.
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(WITHDRAWAL_TYPEHASH, withdrawal))));
    }
}
