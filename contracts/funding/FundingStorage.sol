// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Course} from "../types/Course.sol";
import {MarketId} from "../types/Ids.sol";
import {Interim} from "../types/Interim.sol";
import {MarketWord} from "../types/MarketWord.sol";
import {Words} from "../libraries/Words.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {IPriceSource} from "../interfaces/IPriceSource.sol";
import {ISequencerWatch} from "../interfaces/ISequencerWatch.sol";

/// @notice The words of `FundingIndex` and the contracts that it asks.
abstract contract FundingStorage is IFundingIndex {
    using Words for IMarketWords;

    /// @inheritdoc IFundingIndex
    IPriceSource public immutable SOURCE;

    /// @inheritdoc IFundingIndex
    IMarketWords public immutable POSITIONS;

    /// @inheritdoc IFundingIndex
    ISequencerWatch public immutable WATCH;

    /// @inheritdoc IFundingIndex
    uint16 public marketCount;

    mapping(MarketId => Course) internal _courses;
    mapping(MarketId => Interim) internal _interims;

    constructor(IPriceSource source, IMarketWords positions, ISequencerWatch watch) {
        if (address(source) == address(0) || address(positions) == address(0)) revert Market_AddressZero();
        if (address(watch) == address(0)) revert Market_AddressZero();
        (SOURCE, POSITIONS, WATCH) = (source, positions, watch);
    }

    function _listed(MarketId market) internal view returns (MarketWord word) {
        word = POSITIONS.market(market);
        if (word.unit() == 0) revert Market_NotListed(market);
    }
}
