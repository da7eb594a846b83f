// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {ActivityWord} from "../types/ActivityWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {SlotsWord} from "../types/SlotsWord.sol";
import {TallyWord} from "../types/TallyWord.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {WordSlots} from "./WordSlots.sol";

/// @notice Reads the words of `PerpPositions` by name, for the contracts beside it.
library Words {
    function tally(IMarketWords self) internal view returns (TallyWord) {
        return TallyWord.wrap(self.load(WordSlots.TALLY));
    }

    /// @notice `penalty share 8 · discount share 8 · max price age 32 · open after 32`.
    function rules(IMarketWords self) internal view returns (uint256) {
        return self.load(WordSlots.RULES);
    }

    /// @notice Seconds after its publication at which a mark that enters now grows stale.
    function maxPriceAge(IMarketWords self) internal view returns (uint32) {
        return uint32(rules(self) >> 32);
    }

    /// @notice Without funding that is due; zero for a market that is not listed.
    function market(IMarketWords self, MarketId id) internal view returns (MarketWord) {
        return MarketWord.wrap(self.load(WordSlots.market(id)));
    }

    function activity(IMarketWords self, MarketId id) internal view returns (ActivityWord) {
        return ActivityWord.wrap(self.load(WordSlots.activity(id)));
    }

    function account(IMarketWords self, AccountId id) internal view returns (AccountWord) {
        return AccountWord.wrap(self.load(WordSlots.account(id)));
    }

    function position(IMarketWords self, AccountId id, MarketId marketId) internal view returns (PositionWord) {
        return PositionWord.wrap(self.load(WordSlots.position(id, marketId)));
    }

    function slots(IMarketWords self, AccountId id, uint8 slot) internal view returns (SlotsWord) {
        return SlotsWord.wrap(self.load(WordSlots.slots(id, slot)));
    }

    function epochFloor(IMarketWords self, AccountId id) internal view returns (uint256) {
        return self.load(WordSlots.floor(id));
    }
}
