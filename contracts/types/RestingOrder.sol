// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "./Ids.sol";

/// @notice A resting order, or a ladder of them, as its trader signed it (docs/orders.md); the market stands beside it.
struct RestingOrder {
    AccountId account;
    bool buy;
    bool postOnly;
    bool reduceOnly;
    // In ticks and lots; of a ladder those of the level that is filled.
    uint32 price;
    uint32 size;
    // Last second at which it is live.
    uint32 expiry;
    // `slot 8 · epoch 32`; of a ladder that of its first level.
    uint40 nonce;
}

/// @notice A resting order that takes over lots of a position that is closed.
struct Counterparty {
    RestingOrder order;
    // Lots that it takes.
    uint64 lots;
    // Markets in which its account has a position before, ascending.
    MarketId[] markets;
    // Which level of a ladder it is, from 0.
    uint8 level;
    // `price 32 · size 32` of each level of a ladder; empty for a single order.
    bytes levels;
    // Compact signature of its trading key: 64 bytes (EIP-2098).
    bytes signature;
}
