// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BoundedCall} from "../libraries/BoundedCall.sol";
import {Scale} from "../libraries/TickScale.sol";
import {Governed} from "../governance/Governed.sol";
import {IAggregatorV3} from "../interfaces/external/IAggregatorV3.sol";
import {IChainlinkPriceSource, ChainlinkFeed} from "../interfaces/IChainlinkPriceSource.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";

/// @title ChainlinkPriceSource
/// @notice Index prices from Chainlink-style aggregators; see `IChainlinkPriceSource`.
contract ChainlinkPriceSource is IChainlinkPriceSource, Governed {
    uint256 private constant ROUND_WORDS = 5;

    mapping(uint16 market => ChainlinkFeed) private _feeds;

    /// @param manager Says who may say which aggregator speaks of which market.
    constructor(address manager) Governed(manager) {}

    /// @inheritdoc IChainlinkPriceSource
    function setFeed(uint16 market, ChainlinkFeed calldata feed) external restricted {
        require(feed.aggregator != address(0), Source_FeedZero(market));
        require(feed.scale.multiplier != 0 && feed.scale.divisor != 0, Source_ScaleZero(market));
        require(feed.min < feed.max, Source_BoundsCrossed(market, feed.min, feed.max));
        _feeds[market] = feed;
        emit FeedChanged(market, feed);
    }

    /// @inheritdoc IChainlinkPriceSource
    function feedOf(uint16 market) external view returns (ChainlinkFeed memory) {
        return _feeds[market];
    }

    /// @inheritdoc IPriceSource
    function latest(uint16 market) external view returns (uint32 price, uint32 time, bool clamped) {
        ChainlinkFeed memory feed = _feeds[market];
        if (feed.aggregator == address(0)) return (0, 0, false);
        bytes memory question = abi.encodeCall(IAggregatorV3.latestRoundData, ());
        (bool answered, uint256[5] memory round) = BoundedCall.ask(feed.aggregator, question, ROUND_WORDS);
        if (!answered || !_isSound(feed, round)) return (0, 0, false);
        price = feed.scale.nearest(round[1], 1, 1);
        return price == 0 ? (0, 0, false) : (price, uint32(round[3]), false);
    }

    /// @dev Whether a round is complete, not carried over, not from the future, and its answer within the bounds at which the
    /// aggregator would clamp it. A negative answer is a huge one here.
    function _isSound(ChainlinkFeed memory feed, uint256[5] memory round) private view returns (bool) {
        (uint256 roundId, uint256 answer, uint256 updatedAt, uint256 answeredIn) = (
            round[0],
            round[1],
            round[3],
            round[4]
        );
        if (updatedAt == 0 || updatedAt > block.timestamp || updatedAt > type(uint32).max) return false;
        return answeredIn >= roundId && answer > feed.min && answer < feed.max;
    }
}
