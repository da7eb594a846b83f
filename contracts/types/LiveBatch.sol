// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "./LiveAccount.sol";
import {LiveMarket} from "./LiveMarket.sol";
import {OrderTable} from "./LiveOrder.sol";
import {LivePosition} from "./LivePosition.sol";

/// @notice A batch while it is worked on: its tables in memory, each with its first record; the counts stand in `Layout`.
struct LiveBatch {
    LiveMarket markets;
    LiveAccount accounts;
    LivePosition positions;
    OrderTable orders;
    // Fees of the settled fills, quote units.
    uint256 fees;
}
