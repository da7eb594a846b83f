// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LiveAccount} from "./LiveAccount.sol";
import {LiveMarket} from "./LiveMarket.sol";
import {OrderTable} from "./LiveOrder.sol";
import {Layout} from "./Layout.sol";
import {LivePosition} from "./LivePosition.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice A batch while it is worked on: a pointer to where its tables begin in memory, and to the market table behind that. The
/// counts stand in `Layout`.
type LiveBatch is uint256;

using LiveBatches for LiveBatch global;

/// @notice Reserves and finds the tables of a `LiveBatch`.
library LiveBatches {
    uint256 private constant WORDS = 6;

    /// @notice Reserves all tables; their records are not initialised.
    /// @param maxMarkets_ Most markets in which an account may have a position.
    function reserve(Layout plan, uint256 maxMarkets_) internal pure returns (LiveBatch self) {
        unchecked {
            self = LiveBatch.wrap(Memory.free());
            uint256 at = LiveMarket.unwrap(markets(self).skip(plan.markets()));
            Memory.store(LiveBatch.unwrap(self), at);
            at = LiveAccount.unwrap(LiveAccount.wrap(at).skip(plan.accounts()));
            Memory.store(LiveBatch.unwrap(self) + 32, at);
            at = LivePosition.unwrap(LivePosition.wrap(at).skip(plan.positions()));
            Memory.store(LiveBatch.unwrap(self) + 64, at);
            // One word more: as position of no account it ends those of the last, and every order is above it.
            Memory.store(at, 0);
            OrderTable orders_ = OrderTable.wrap(at + 32);
            Memory.store(LiveBatch.unwrap(self) + 96, OrderTable.unwrap(orders_));
            Memory.store(LiveBatch.unwrap(self) + 128, maxMarkets_);
            Memory.store(LiveBatch.unwrap(self) + 160, plan.markets());
            Memory.reserve(OrderTable.unwrap(orders_.skip(plan.levels())));
        }
    }

    /// @notice First record of the market table.
    function markets(LiveBatch self) internal pure returns (LiveMarket) {
        unchecked {
            return LiveMarket.wrap(LiveBatch.unwrap(self) + 32 * WORDS);
        }
    }

    /// @notice First record of the account table.
    function accounts(LiveBatch self) internal pure returns (LiveAccount) {
        return LiveAccount.wrap(Memory.load(LiveBatch.unwrap(self)));
    }

    /// @notice First record of the position table.
    function positions(LiveBatch self) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(Memory.load(LiveBatch.unwrap(self) + 32));
        }
    }

    /// @notice The record behind the last of the position table.
    function positionsEnd(LiveBatch self) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(Memory.load(LiveBatch.unwrap(self) + 64));
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
