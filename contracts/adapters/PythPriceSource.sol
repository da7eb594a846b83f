// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BoundedCall} from "../libraries/BoundedCall.sol";
import {Governed} from "../governance/Governed.sol";
import {IPyth} from "../interfaces/external/IPyth.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {IPythPriceSource, PythFeed} from "../interfaces/IPythPriceSource.sol";

/// @title PythPriceSource
/// @notice Index prices from Pyth; see `IPythPriceSource`.
contract PythPriceSource is IPythPriceSource, Governed {
    uint256 private constant PRICE_WORDS = 4;
    uint256 private constant BPS = 10_000;
    // 10^19 is the largest power of ten in 64 bits.
    int256 private constant LARGEST_EXPO = 19;

    /// @inheritdoc IPythPriceSource
    address public immutable PYTH;

    mapping(uint16 market => PythFeed) private _feeds;

    /// @param pyth Where Pyth's prices lie.
    /// @param manager Says who may say which feed speaks of which market.
    constructor(address pyth, address manager) Governed(manager) {
        require(pyth != address(0), Source_PythZero());
        PYTH = pyth;
    }

    /// @inheritdoc IPythPriceSource
    function setFeed(uint16 market, PythFeed calldata feed) external restricted {
        require(feed.id != bytes32(0), Source_FeedZero(market));
        require(feed.scale.multiplier != 0 && feed.scale.divisor != 0, Source_ScaleZero(market));
        require(
            feed.maxConfBps != 0 && feed.maxConfBps <= BPS,
            Source_ConfidenceOutOfBounds(market, feed.maxConfBps, BPS)
        );
        _feeds[market] = feed;
        emit FeedChanged(market, feed);
    }

    /// @inheritdoc IPythPriceSource
    function feedOf(uint16 market) external view returns (PythFeed memory) {
        return _feeds[market];
    }

    /// @inheritdoc IPriceSource
    function latest(uint16 market) external view returns (uint32 price, uint32 time, bool clamped) {
        PythFeed memory feed = _feeds[market];
        if (feed.id == bytes32(0)) return (0, 0, false);
        bytes memory question = abi.encodeCall(IPyth.getPriceUnsafe, (feed.id));
        (bool answered, uint256[5] memory words) = BoundedCall.ask(PYTH, question, PRICE_WORDS);
        if (!answered || !_isSound(feed, words)) return (0, 0, false);
        price = _ticks(feed, words[0], int256(words[2]));
        return price == 0 ? (0, 0, false) : (price, uint32(words[3]), false);
    }

    /// @dev Whether a price is above zero, not from the future, known well enough, and of an exponent that can be reckoned with. What
    /// does not fit its published type fails one of these.
    function _isSound(PythFeed memory feed, uint256[5] memory words) private view returns (bool) {
        (uint256 price, uint256 conf, int256 expo, uint256 time) = (words[0], words[1], int256(words[2]), words[3]);
        if (price == 0 || price > uint64(type(int64).max) || conf > type(uint64).max) return false;
        if (expo > LARGEST_EXPO || expo < -LARGEST_EXPO) return false;
        if (time == 0 || time > block.timestamp || time > type(uint32).max) return false;
        return conf * BPS <= price * feed.maxConfBps;
    }

    function _ticks(PythFeed memory feed, uint256 price, int256 expo) private pure returns (uint32) {
        if (expo < 0) return feed.scale.nearest(price, 1, 10 ** uint256(-expo));
        return feed.scale.nearest(price, 10 ** uint256(expo), 1);
    }
}
