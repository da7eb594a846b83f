// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount, LiveAccounts} from "./LiveAccount.sol";
import {LiveMarket, LiveMarkets} from "./LiveMarket.sol";
import {OrderTable, OrderTables} from "./LiveOrder.sol";
import {Layout} from "./Layout.sol";
import {LivePosition, LivePositions} from "./LivePosition.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A batch while it is worked on: a pointer to the first record of each of its tables in memory. The counts stand in
/// `Layout`.
type LiveBatch is uint256;

using LiveBatches for LiveBatch global;

/// @notice Reserves and finds the tables of a `LiveBatch`.
library LiveBatches {
    uint256 private constant WORDS = 7;

    /// @notice Reserves all tables; their records are not initialised.
    /// @param maxMarkets_ Most markets in which an account may have a position.
    function reserve(Layout plan, uint256 maxMarkets_) internal pure returns (LiveBatch self) {
        unchecked {
            uint256 at = Memory.allocate(WORDS);
            self = LiveBatch.wrap(at);
            Memory.store(at, Memory.allocate(plan.markets() * LiveMarkets.WORDS));
            Memory.store(at + 32, Memory.allocate(plan.accounts() * LiveAccounts.WORDS));
            Memory.store(at + 64, Memory.allocate((plan.positions() + 1) * LivePositions.WORDS));
            Memory.store(at + 96, OrderTable.unwrap(OrderTables.create(plan.levels())));
            Memory.store(at + 128, maxMarkets_);
            Memory.store(at + 160, plan.markets());
            LivePosition end = positions(self).skip(plan.positions());
            Memory.store(at + 192, LivePosition.unwrap(end));
            // One record more, of no account, ends the positions of the last.
            end.setAccount(LiveAccount.wrap(0));
        }
    }

    /// @notice First record of the market table.
    function markets(LiveBatch self) internal pure returns (LiveMarket) {
        return LiveMarket.wrap(Memory.load(LiveBatch.unwrap(self)));
    }

    /// @notice First record of the account table.
    function accounts(LiveBatch self) internal pure returns (LiveAccount) {
        unchecked {
            return LiveAccount.wrap(Memory.load(LiveBatch.unwrap(self) + 32));
        }
    }

    /// @notice First record of the position table.
    function positions(LiveBatch self) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(Memory.load(LiveBatch.unwrap(self) + 64));
        }
    }

    /// @notice The record behind the last of the position table.
    function positionsEnd(LiveBatch self) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(Memory.load(LiveBatch.unwrap(self) + 192));
        }
    }

    /// @notice The order table.
    function orders(LiveBatch self) internal pure returns (OrderTable) {
        unchecked {
            return OrderTable.wrap(Memory.load(LiveBatch.unwrap(self) + 96));
        }
    }

    /// @notice Most markets in which an account may have a position.
    function maxMarkets(LiveBatch self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveBatch.unwrap(self) + 128);
        }
    }

    /// @notice Number of markets.
    function marketCount(LiveBatch self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveBatch.unwrap(self) + 160);
        }
    }
}
