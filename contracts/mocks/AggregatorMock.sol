// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/external/IAggregatorV3.sol";
import {Misbehaving} from "./Misbehaving.sol";

/// @title AggregatorMock
/// @notice A Chainlink-style feed whose rounds anyone may write, and which misbehaves when told to.
contract AggregatorMock is IAggregatorV3, Misbehaving {
    struct Round {
        uint80 roundId;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint80 answeredInRound;
    }

    Round private _round;

    /// @notice Writes the round that is answered from now on.
    function setRound(Round calldata round) external {
        _round = round;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        _misbehave();
        Round memory r = _round;
        return (r.roundId, r.answer, r.startedAt, r.updatedAt, r.answeredInRound);
    }
}
