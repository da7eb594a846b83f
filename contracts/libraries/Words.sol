// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {WordSlots} from "./WordSlots.sol";

/// @notice Reads the words of `PerpPositions` by name, for the contracts beside it.
library Words {
    function tally(IMarketWords self) internal view returns (TallyWord) {
        return TallyWord.wrap(_load(self, WordSlots.TALLY));
    }

    /// @notice `penalty share 8 · discount share 8 · max price age 32 · open after 32`.
    function rules(IMarketWords self) internal view returns (uint256) {
        return _load(self, WordSlots.RULES);
    }

    /// @notice Seconds after its publication at which a mark that enters now grows stale.
    function maxPriceAge(IMarketWords self) internal view returns (uint32) {
        return uint32(rules(self) >> 32);
    }

    /// @notice Without funding that is due; zero for a market that is not listed.
    function market(IMarketWords self, MarketId id) internal view returns (MarketWord) {
        return MarketWord.wrap(_load(self, WordSlots.market(id)));
    }

    /// @notice With funding that is due, which is charged.
    function prepared(IMarketWords self, IFundingIndex index, MarketId id) internal returns (MarketWord word) {
        word = market(self, id);
        if (word.isDue()) word = index.prepare(id);
    }

    function activity(IMarketWords self, MarketId id) internal view returns (ActivityWord) {
        return ActivityWord.wrap(_load(self, WordSlots.activity(id)));
    }

    function account(IMarketWords self, AccountId id) internal view returns (AccountWord) {
        return AccountWord.wrap(_load(self, WordSlots.account(id)));
    }

    function position(IMarketWords self, AccountId id, MarketId marketId) internal view returns (PositionWord) {
        return PositionWord.wrap(_load(self, WordSlots.position(id, marketId)));
    }

    function slots(IMarketWords self, AccountId id, uint8 slot) internal view returns (SlotsWord) {
        return SlotsWord.wrap(_load(self, WordSlots.slots(id, slot)));
    }

    function epochFloor(IMarketWords self, AccountId id) internal view returns (uint256) {
        return _load(self, WordSlots.floor(id));
    }

    /// @dev One call for all, so that a contract that reads many words has its code once.
    function _load(IMarketWords self, uint256 slot) private view returns (uint256) {
        return self.load(slot);
    }
}
