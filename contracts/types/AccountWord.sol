// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Quote, Quantity_OutOfRange} from "./Quantities.sol";

/// @notice An account in one storage word: `nonce 32 · floored 1 · open markets 7 · collateral int56 · signer 160`.
type AccountWord is uint256;

using AccountWords for AccountWord global;

/// @notice Reads and replaces the fields of an account word.
library AccountWords {
    uint256 private constant NONCE = 224;
    uint256 private constant FLOORED = 223;
    uint256 private constant OPEN = 216;
    uint256 private constant COLLATERAL = 160;

    /// @notice Number of the highest immediate order that filled, or that `cancelAll` skipped.
    function nonce(AccountWord self) internal pure returns (uint256) {
        return AccountWord.unwrap(self) >> NONCE;
    }

    /// @notice Whether the account has an epoch floor that must be looked up.
    function floored(AccountWord self) internal pure returns (bool) {
        return (AccountWord.unwrap(self) >> FLOORED) & 1 == 1;
    }

    /// @notice Number of markets in which the account has a position.
    function openMarkets(AccountWord self) internal pure returns (uint256) {
        return (AccountWord.unwrap(self) >> OPEN) & 0x7f;
    }

    /// @notice Collateral in quote units; negative after a loss that was swept.
    function collateral(AccountWord self) internal pure returns (Quote) {
        return Quote.wrap(int256(AccountWord.unwrap(self) << 40) >> 200);
    }

    /// @notice The trading key; zero for an account that is not registered.
    function signer(AccountWord self) internal pure returns (address) {
        return address(uint160(AccountWord.unwrap(self)));
    }

    /// @notice The same account with another nonce.
    function withNonce(AccountWord self, uint256 nonce_) internal pure returns (AccountWord) {
        return AccountWord.wrap((AccountWord.unwrap(self) & (type(uint256).max >> 32)) | (nonce_ << NONCE));
    }

    /// @notice The same account, marked as having an epoch floor.
    function withFloor(AccountWord self) internal pure returns (AccountWord) {
        return AccountWord.wrap(AccountWord.unwrap(self) | (1 << FLOORED));
    }

    /// @notice The same account with another number of open markets (at most 127).
    function withOpenMarkets(AccountWord self, uint256 open) internal pure returns (AccountWord) {
        return AccountWord.wrap((AccountWord.unwrap(self) & ~(uint256(0x7f) << OPEN)) | (open << OPEN));
    }

    /// @notice The same account with other collateral, or `Quantity_OutOfRange`.
    function withCollateral(AccountWord self, Quote collateral_) internal pure returns (AccountWord) {
        int256 raw = Quote.unwrap(collateral_);
        if (raw != int56(raw)) revert Quantity_OutOfRange(raw, 56);
        uint256 kept = AccountWord.unwrap(self) & ~(uint256(type(uint56).max) << COLLATERAL);
        return AccountWord.wrap(kept | (uint256(uint56(int56(raw))) << COLLATERAL));
    }

    /// @notice The same account with another trading key.
    function withSigner(AccountWord self, address signer_) internal pure returns (AccountWord) {
        return AccountWord.wrap(((AccountWord.unwrap(self) >> 160) << 160) | uint160(signer_));
    }
}
