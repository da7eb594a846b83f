// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A trading account. Account 0 is the venue's own; subaccounts are accounts of the same owner.
type AccountId is uint32;

/// @notice A market, numbered from 1.
type MarketId is uint16;

/// @notice Key of one position: account and market.
type PositionKey is uint256;

/// @notice Key of one word of four order slots: account and slot / 4.
type SlotKey is uint256;

using {equalsAccount as ==, notEqualsAccount as !=} for AccountId global;
using {equalsMarket as ==, notEqualsMarket as !=} for MarketId global;

function equalsAccount(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) == AccountId.unwrap(b);
}

function notEqualsAccount(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) != AccountId.unwrap(b);
}

function equalsMarket(MarketId a, MarketId b) pure returns (bool) {
    return MarketId.unwrap(a) == MarketId.unwrap(b);
}

function notEqualsMarket(MarketId a, MarketId b) pure returns (bool) {
    return MarketId.unwrap(a) != MarketId.unwrap(b);
}

/// @notice `account 32 · market 16`, so that one mapping (and one hash) finds a position.
function positionKey(AccountId account, MarketId market) pure returns (PositionKey) {
    return PositionKey.wrap((uint256(AccountId.unwrap(account)) << 16) | MarketId.unwrap(market));
}

/// @notice `account 32 · 0 8 · slot / 4`: four neighbouring slots share a word, and the key is the upper part of a resting
/// order's sort key.
function slotKey(AccountId account, uint256 slot) pure returns (SlotKey) {
    return SlotKey.wrap((uint256(AccountId.unwrap(account)) << 14) | (slot >> 2));
}
