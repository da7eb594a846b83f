// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../types/Ids.sol";
import {LiveAccount} from "../types/LiveAccount.sol";
import {LiveMarket} from "../types/LiveMarket.sol";
import {FLAG_BUY, LiveOrder} from "../types/LiveOrder.sol";
import {LivePosition} from "../types/LivePosition.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Price, Quote, Size} from "../types/Quantities.sol";
import {Verdict} from "../types/Verdict.sol";
import {LiquidationRules} from "../libraries/LiquidationRules.sol";
import {Margin} from "../libraries/Margin.sol";
import {PositionStorage} from "./PositionStorage.sol";

/// @notice Liquidation orders in a batch: orders of the operator for an account below its maintenance margin, which need no
/// signature, and for positions of the insurance fund, which nobody signs for.
abstract contract LiquidationLoading is PositionStorage {
    /// @dev The order, ready to fill, or refused with its verdict.
    function _loadForced(LivePosition position, uint256 record) internal view returns (LiveOrder order) {
        order = position.tag().read(record);
        LiveAccount account = position.account();
        MarketWord market = position.market().word();
        uint256 status = _forcedStatus(account, market, uint32(record >> 136));
        if (status == 0) {
            uint256 discount = LiquidationRules.share(market, _rules.discountShare);
            if (!_isWithin(order, market.mark(), discount)) status = uint256(Verdict.OutsideBand);
            position.market().setPenaltyPpm(LiquidationRules.share(market, _rules.penaltyShare));
        }
        return status == 0 ? order.unforced().force() : order.refuse(status);
    }

    function _forcedStatus(LiveAccount account, MarketWord market, uint256 expiry) private view returns (uint256) {
        if (block.timestamp > expiry) return uint256(Verdict.Expired);
        (bool complete, Quote maintenance, Quote staleMargin) = _survey(account);
        if (!complete) return uint256(Verdict.IncompleteAccount);
        if (!market.isFresh()) return uint256(Verdict.StalePrice);
        // The fund unwinds whenever it can.
        if (account.id() == AccountId.wrap(0)) return 0;
        if (!WATCH.isCalm()) return uint256(Verdict.GracePeriod);
        return account.equity() + staleMargin < maintenance ? 0 : uint256(Verdict.NotLiquidatable);
    }

    /// @dev Whether all open positions were named, and the maintenance margin. A position whose mark is stale needs none; its
    /// initial margin is counted in favour of the account.
    function _survey(LiveAccount account) internal view returns (bool complete, Quote maintenance, Quote staleMargin) {
        unchecked {
            uint256 unseen = account.word().openMarkets();
            LivePosition position = account.firstPosition();
            while (position.account().equals(account)) {
                if (position.holding().wasOpen()) {
                    --unseen;
                    LiveMarket market = position.market();
                    Size size = position.holding().size();
                    if (market.word().isFresh()) maintenance = maintenance + Margin.maintenance(market.word(), size);
                    else staleMargin = staleMargin + market.margin(size);
                }
                position = position.skip(1);
            }
            complete = unseen == 0;
        }
    }

    function _isWithin(LiveOrder order, Price mark, uint256 discount) private pure returns (bool) {
        if (order.has(FLAG_BUY)) return !(order.price() > LiquidationRules.highDown(mark, discount));
        return !(order.price() < LiquidationRules.lowUp(mark, discount));
    }
}
