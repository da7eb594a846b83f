// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "./AccountWord.sol";
import {AccountId} from "./Ids.sol";
import {LivePosition} from "./LivePosition.sol";
import {Quote} from "./Quantities.sol";
import {Memory} from "../libraries/Memory.sol";

/// @notice An account while a batch is worked on: a pointer to its record in memory.
/// @dev `word` is the stored word, `next` what the batch made of it.
type LiveAccount is uint256;

using LiveAccounts for LiveAccount global;

/// @dev Taken off an account's excess for each stale mark, so that one sign answers for freshness too. No real margin reaches
/// 2^199, and an account has at most 127 markets.
Quote constant OUT_OF_REACH = Quote.wrap(1 << 200);

/// @dev The key of an account whose orders are not live: no recovered signer has more than 160 bits.
uint256 constant NO_KEY = 1 << 160;

/// @notice Fields of a `LiveAccount`.
library LiveAccounts {
    uint256 private constant ACCOUNT = 224;
    uint256 private constant OPEN = 216;

    /// @dev Words of one record.
    uint256 internal constant WORDS = 7;

    /// @notice The record `i` places after this one.
    function skip(LiveAccount self, uint256 i) internal pure returns (LiveAccount) {
        unchecked {
            return LiveAccount.wrap(LiveAccount.unwrap(self) + i * (WORDS * 32));
        }
    }

    /// @notice Whether two records are one.
    function equals(LiveAccount self, LiveAccount other) internal pure returns (bool) {
        return LiveAccount.unwrap(self) == LiveAccount.unwrap(other);
    }

    /// @notice Sets up a record with the collateral alone; each position that is loaded adds to the excess.
    /// @param tag_ Account number in the upper 32 bits.
    /// @param first_ The first of its positions; the others follow.
    /// @param maxMarkets Most markets in which it may have a position.
    function begin(
        LiveAccount self,
        uint256 tag_,
        AccountWord word_,
        LivePosition first_,
        uint256 maxMarkets
    ) internal pure {
        uint256 signer = uint160(word_.signer());
        setExcess(self, word_.collateral());
        setKey(self, signer == 0 ? NO_KEY : signer);
        setNext(self, word_);
        unchecked {
            Memory.store(LiveAccount.unwrap(self), AccountWord.unwrap(word_));
            Memory.store(LiveAccount.unwrap(self) + 32, tag_);
            Memory.store(LiveAccount.unwrap(self) + 160, maxMarkets - word_.openMarkets());
            Memory.store(LiveAccount.unwrap(self) + 192, LivePosition.unwrap(first_));
        }
    }

    /// @notice The stored word.
    function word(LiveAccount self) internal pure returns (AccountWord) {
        return AccountWord.wrap(Memory.load(LiveAccount.unwrap(self)));
    }

    /// @notice Account number.
    function id(LiveAccount self) internal pure returns (AccountId) {
        unchecked {
            return AccountId.wrap(uint32(tag(self) >> ACCOUNT));
        }
    }

    /// @notice Account number as its orders carry it, in the upper 32 bits.
    function tag(LiveAccount self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveAccount.unwrap(self) + 32);
        }
    }

    /// @notice The trading key; `NO_KEY` when the account is not registered, or an open position was left out.
    function key(LiveAccount self) internal pure returns (uint256) {
        unchecked {
            return Memory.load(LiveAccount.unwrap(self) + 64);
        }
    }

    /// @dev Sets `key`.
    function setKey(LiveAccount self, uint256 value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 64, value);
        }
    }

    /// @notice Whether every market listed for the account has a fresh mark.
    function isFresh(LiveAccount self) internal pure returns (bool) {
        unchecked {
            return Quote.unwrap(excess(self)) > -Quote.unwrap(OUT_OF_REACH) / 2;
        }
    }

    /// @notice Equity above initial margin; far below zero when a mark is stale.
    function excess(LiveAccount self) internal pure returns (Quote) {
        unchecked {
            return Quote.wrap(int256(Memory.load(LiveAccount.unwrap(self) + 96)));
        }
    }

    /// @dev Sets `excess`.
    function setExcess(LiveAccount self, Quote value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 96, uint256(Quote.unwrap(value)));
        }
    }

    /// @notice Equity above initial margin, whether or not its marks are fresh.
    function trueExcess(LiveAccount self) internal pure returns (Quote) {
        // What is out of reach is a multiple of 2^200.
        return Quote.wrap(int256(uint256(Quote.unwrap(excess(self))) << 56) >> 56);
    }

    /// @notice The first of its positions; the others follow.
    function firstPosition(LiveAccount self) internal pure returns (LivePosition) {
        unchecked {
            return LivePosition.wrap(Memory.load(LiveAccount.unwrap(self) + 192));
        }
    }

    /// @notice Collateral and the worth of all positions, which end where those of another account begin.
    function equity(LiveAccount self) internal pure returns (Quote sum) {
        unchecked {
            sum = word(self).collateral();
            LivePosition position = firstPosition(self);
            while (position.account().equals(self)) {
                sum = sum + position.holding().worth();
                position = position.skip(1);
            }
        }
    }

    /// @notice Takes up one of the markets in which the account may open a position; false when there is none left.
    function takeRoom(LiveAccount self) internal pure returns (bool) {
        unchecked {
            // Negative when the account has more markets than the rules allow by now.
            uint256 room = Memory.load(LiveAccount.unwrap(self) + 160);
            if (int256(room) <= 0) return false;
            Memory.store(LiveAccount.unwrap(self) + 160, room - 1);
            return true;
        }
    }

    /// @notice The word as the batch leaves it.
    function next(LiveAccount self) internal pure returns (AccountWord) {
        unchecked {
            return AccountWord.wrap(Memory.load(LiveAccount.unwrap(self) + 128));
        }
    }

    /// @dev Sets `next`.
    function setNext(LiveAccount self, AccountWord value) internal pure {
        unchecked {
            Memory.store(LiveAccount.unwrap(self) + 128, AccountWord.unwrap(value));
        }
    }

    /// @notice Counts a position that opened or closed; `takeRoom` kept the count within its 7 bits.
    function countOpen(LiveAccount self, bool opened) internal pure {
        unchecked {
            uint256 value = AccountWord.unwrap(next(self));
            setNext(self, AccountWord.wrap(opened ? value + (1 << OPEN) : value - (1 << OPEN)));
        }
    }
}
