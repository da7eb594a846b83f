// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "./AccountWord.sol";
import {AccountId} from "./Ids.sol";
import {Quote} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice An account while a batch is worked on: a pointer to its record in memory.
/// @dev `word` is the stored word; `nonce` and `openMarkets` are its fields after the fills so far.
type LiveAccount is uint256;

using LiveAccounts for LiveAccount global;

/// @dev Added to an account's margin for each stale mark, so that one comparison with equity answers for freshness too. No
/// real margin reaches 2^200.
Quote constant OUT_OF_REACH = Quote.wrap(1 << 200);

/// @notice Fields of a `LiveAccount`.
library LiveAccounts {
    /// @dev Words of one record.
    uint256 internal constant WORDS = 7;

    /// @notice The record `i` places after this one.
    function skip(LiveAccount self, uint256 i) internal pure returns (LiveAccount) {
        unchecked {
            return LiveAccount.wrap(LiveAccount.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice Sets up a record: collateral only, no position yet. `key` is set when the positions are loaded.
    function begin(LiveAccount self, AccountId id_, AccountWord word_) internal pure {
        setWord(self, word_);
        setId(self, id_);
        setEquity(self, word_.collateral());
        setInitialMargin(self, Quote.wrap(0));
        setNonce(self, word_.nonce());
        setOpenMarkets(self, word_.openMarkets());
    }

    /// @notice The stored word.
    function word(LiveAccount self) internal pure returns (AccountWord) {
        unchecked {
            return AccountWord.wrap(Memory.load(LiveAccount.unwrap(self)));
        }
    }

    /// @dev Sets `word`.
    function setWord(LiveAccount self, AccountWord value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self), AccountWord.unwrap(value));
        }
    }

    /// @notice Account number.
    function id(LiveAccount self) internal pure returns (AccountId) {
        unchecked {
            return AccountId.wrap(uint32(Memory.load(LiveAccount.unwrap(self) + 32)));
        }
    }

    /// @dev Sets `id`.
    function setId(LiveAccount self, AccountId value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 32, AccountId.unwrap(value));
        }
    }

    /// @notice The trading key; zero when an open position was left out, so that no order is live.
    function key(LiveAccount self) internal pure returns (address) {
        unchecked {
            return address(uint160(Memory.load(LiveAccount.unwrap(self) + 64)));
        }
    }

    /// @dev Sets `key`.
    function setKey(LiveAccount self, address value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 64, uint160(value));
        }
    }

    /// @notice Whether every market listed for the account has a fresh mark.
    function fresh(LiveAccount self) internal pure returns (bool) {
        return initialMargin(self) < OUT_OF_REACH;
    }

    /// @notice Collateral and value of all positions at the mark.
    function equity(LiveAccount self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveAccount.unwrap(self) + 96)));
        }
    }

    /// @dev Sets `equity`.
    function setEquity(LiveAccount self, Quote value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 96, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice Initial margin of all positions; out of reach when a mark is stale.
    function initialMargin(LiveAccount self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveAccount.unwrap(self) + 128)));
        }
    }

    /// @dev Sets `initialMargin`.
    function setInitialMargin(LiveAccount self, Quote value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 128, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice Open markets, counting each that the batch opened; those that end closed are taken off when it is written.
    function openMarkets(LiveAccount self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveAccount.unwrap(self) + 160);
        }
    }

    /// @dev Sets `openMarkets`.
    function setOpenMarkets(LiveAccount self, uint256 value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 160, value);
        }
    }

    /// @notice Highest immediate number that filled.
    function nonce(LiveAccount self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveAccount.unwrap(self) + 192);
        }
    }

    /// @dev Sets `nonce`.
    function setNonce(LiveAccount self, uint256 value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 192, value);
        }
    }
}
