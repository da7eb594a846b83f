// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "./Ids.sol";
import {AccountWord} from "./AccountWord.sol";
import {LiveOrder} from "./LiveOrder.sol";
import {PositionWord} from "./PositionWord.sol";
import {Index, Price, Quote, Size} from "./Quantities.sol";

/// @notice A market while a batch is worked on.
struct LiveMarket {
    MarketId id;
    bool fresh;
    Price mark;
    // Band of allowed fill prices, both ends included.
    Price low;
    Price high;
    uint256 unit;
    Index index;
    // Value of one lot at the mark.
    Quote lotValue;
    // Initial margin of one lot, rounded up.
    Quote lotMarginUp;
    uint256 takerFee;
    uint256 makerFee;
    // What the batch settled so far: lots, and sum of size × price.
    uint256 volume;
    uint256 value;
}

/// @notice An account while a batch is worked on. `next…` hold the outcome of the fill under check.
struct LiveAccount {
    AccountId id;
    // Every market listed for the account has a fresh mark.
    bool fresh;
    // Every open position was supplied.
    bool complete;
    AccountWord word;
    Quote equity;
    Quote initialMargin;
    Quote nextEquity;
    Quote nextMargin;
    // Highest immediate number that filled.
    uint256 nonce;
    // Open markets, counting each that the batch opened.
    uint256 openMarkets;
}

/// @notice A position while a batch is worked on. `next…` hold the outcome of the fill under check.
struct LivePosition {
    LiveAccount account;
    LiveMarket market;
    PositionWord stored;
    Size size;
    Quote quote;
    Size nextSize;
    Quote nextQuote;
    bool touched;
}

/// @notice A batch while it is worked on: its touch table in memory.
struct LiveBatch {
    LiveMarket[] markets;
    LiveAccount[] accounts;
    LivePosition[] positions;
    LiveOrder[] orders;
    // Fees of the settled fills, quote units.
    uint256 fees;
    // The packed records of the event.
    bytes records;
}
