// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {PositionWord} from "../types/PositionWord.sol";
import {Quote} from "../types/Quantities.sol";
import {Margin} from "../libraries/Margin.sol";
import {Words} from "../libraries/Words.sol";

import {IBadDebtGate} from "../interfaces/IBadDebtGate.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {QueueStorage} from "./QueueStorage.sol";

/// @notice Stops releases for a while when a loss is proven that nobody has paid for.
abstract contract Gate is QueueStorage {
    using SafeCast for uint256;
    using Words for IMarketWords;

    /// @inheritdoc IBadDebtGate
    uint256 public constant GATE = 1 hours;

    /// @inheritdoc IBadDebtGate
    uint256 public constant GATE_REST = 7 days;

    /// @inheritdoc IBadDebtGate
    function shutGate(AccountId account, MarketId[] calldata markets) external {
        Front memory front = _front;
        require(!front.lifted, Queue_Closed());
        uint256 restEnd = front.gateEnd == 0 ? 0 : front.gateEnd + GATE_REST;
        require(block.timestamp >= restEnd, Gate_Resting(restEnd));
        int256 equity = _equityOf(account, markets);
        int256 spare = SignedMath.max(0, FUND.spare());
        require(equity + spare < 0, Gate_DebtCovered(account, equity, spare));

        front.gateEnd = (block.timestamp + GATE).toUint32();
        _front = front;
        emit GateShut(account, uint256(-equity), uint256(spare), front.gateEnd);
    }

    /// @inheritdoc IBadDebtGate
    function gateEndsAt() external view returns (uint256) {
        return _front.gateEnd;
    }

    /// @dev Equity at fresh marks, funding applied. The markets must name every open position.
    function _equityOf(AccountId account, MarketId[] calldata markets) private view returns (int256 equity) {
        AccountWord word = _words().account(account);
        equity = Quote.unwrap(word.collateral());
        for (uint256 i; i < markets.length; ++i) {
            bool ascends = i == 0 || MarketId.unwrap(markets[i]) > MarketId.unwrap(markets[i - 1]);
            PositionWord position = _words().position(account, markets[i]);
            if (!ascends || !position.isOpen()) revert Gate_PositionsIncomplete(account, i, word.openMarkets());
            equity += _valueOf(account, markets[i], position);
        }
        bool complete = markets.length == word.openMarkets();
        require(complete, Gate_PositionsIncomplete(account, markets.length, word.openMarkets()));
    }

    function _valueOf(AccountId account, MarketId market, PositionWord position) private view returns (int256) {
        MarketWord word = INDEX.peek(market);
        bool fresh = position.size().isZero() || word.isFresh();
        require(fresh, Gate_PriceStale(account, market, word.freshUntil()));
        return Quote.unwrap(Margin.positionValueDown(word, position));
    }

    function _words() private view returns (IMarketWords) {
        return POSITIONS;
    }
}
