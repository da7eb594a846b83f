// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {AccountId, MarketId, PositionKey, SlotKey, positionKey, slotKey} from "../types/Ids.sol";

/// @notice Where the words of `PerpPositions` lie in its storage; see docs/storage.md.
/// @dev The words are read through one door, `load`: a view for each would make every batch dearer, because selectors are
/// tried one after another. `PositionStorage` refuses to be deployed with another layout.
library WordSlots {
    uint256 internal constant RULES = 0;
    uint256 internal constant TALLY = 1;
    uint256 internal constant MARKETS = 2;
    uint256 internal constant ACTIVITIES = 3;
    uint256 internal constant ACCOUNTS = 4;
    uint256 internal constant POSITIONS = 5;
    uint256 internal constant SLOTS = 6;
    uint256 internal constant FLOORS = 7;

    /// @notice Slot of a market word.
    function market(MarketId id) internal pure returns (uint256) {
        return _at(MarketId.unwrap(id), MARKETS);
    }

    /// @notice Slot of an activity word.
    function activity(MarketId id) internal pure returns (uint256) {
        return _at(MarketId.unwrap(id), ACTIVITIES);
    }

    /// @notice Slot of an account word.
    function account(AccountId id) internal pure returns (uint256) {
        return _at(AccountId.unwrap(id), ACCOUNTS);
    }

    /// @notice Slot of a position word.
    function position(AccountId account_, MarketId market_) internal pure returns (uint256) {
        return _at(PositionKey.unwrap(positionKey(account_, market_)), POSITIONS);
    }

    /// @notice Slot of the word with an order slot and its three neighbours.
    function slots(AccountId account_, uint8 slot) internal pure returns (uint256) {
        return _at(SlotKey.unwrap(slotKey(account_, slot)), SLOTS);
    }

    /// @notice Slot of an epoch floor.
    function floor(AccountId id) internal pure returns (uint256) {
        return _at(AccountId.unwrap(id), FLOORS);
    }

    /// @dev Where Solidity puts the value of `key` in the mapping at `base`.
    function _at(uint256 key, uint256 base) private pure returns (uint256) {
        return uint256(Hashes.efficientKeccak256(bytes32(key), bytes32(base)));
    }
}
