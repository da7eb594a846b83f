// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {BoundedCall} from "./libraries/BoundedCall.sol";

import {IAggregatorV3} from "./interfaces/external/IAggregatorV3.sol";
import {Beats, ISequencerWatch} from "./interfaces/ISequencerWatch.sol";

/// @title SequencerWatch
/// @notice Whether the chain was just down; see `ISequencerWatch`.
contract SequencerWatch is ISequencerWatch {
    using Checkpoints for Checkpoints.Trace224;

    uint32 private constant MIN_LIMIT = 1 minutes;
    uint32 private constant MAX_LIMIT = 1 days;
    uint32 private constant MIN_GRACE = 1 minutes;
    uint32 private constant MAX_GRACE = 1 days;

    /// @inheritdoc ISequencerWatch
    uint32 public immutable LIMIT;

    /// @inheritdoc ISequencerWatch
    uint32 public immutable GRACE;

    /// @inheritdoc ISequencerWatch
    address public immutable UPTIME_FEED;

    Beats private _beats;

    // Every outage that a beat ended, by its first second: `seconds of all up to it 32 · end 32`.
    Checkpoints.Trace224 private _outages;

    /// @param limit Longest gap between beats that is no outage, seconds.
    /// @param grace Seconds of grace after an outage.
    /// @param uptimeFeed A Chainlink-style feed that says whether the sequencer is up; zero for none.
    constructor(uint32 limit, uint32 grace, address uptimeFeed) {
        require(limit >= MIN_LIMIT && limit <= MAX_LIMIT, Watch_LimitOutOfBounds(limit, MIN_LIMIT, MAX_LIMIT));
        require(grace >= MIN_GRACE && grace <= MAX_GRACE, Watch_GraceOutOfBounds(grace, MIN_GRACE, MAX_GRACE));
        (LIMIT, GRACE, UPTIME_FEED) = (limit, grace, uptimeFeed);
        _beats.last = uint32(block.timestamp);
        emit WatchStarted(limit, grace, uptimeFeed);
    }

    /// @inheritdoc ISequencerWatch
    function beat() external {
        Beats memory seen = _beats;
        if (seen.last == block.timestamp) return;
        bool ended = _hear(seen);
        _beats = seen;
        emit Beat();
        if (ended) _remember(seen);
    }

    /// @inheritdoc ISequencerWatch
    function isCalm() external view returns (bool) {
        return block.timestamp >= graceEndsAt() && _feedIsCalm();
    }

    /// @inheritdoc ISequencerWatch
    function downSeconds() external view returns (uint256) {
        return _seen().secondsDown;
    }

    /// @inheritdoc ISequencerWatch
    function downBetween(uint256 start, uint256 end) external view returns (uint256) {
        Beats memory seen = _seen();
        // Most periods that are asked for began after the latest outage.
        if (start >= seen.outageEnd || start >= end) return 0;
        return _downAt(seen, end) - _downAt(seen, start);
    }

    /// @inheritdoc ISequencerWatch
    function beats() external view returns (Beats memory) {
        return _beats;
    }

    /// @inheritdoc ISequencerWatch
    function graceEndsAt() public view returns (uint256) {
        uint256 end = _seen().outageEnd;
        return end == 0 ? 0 : end + GRACE;
    }

    /// @dev Writes down the outage that a beat ended.
    function _remember(Beats memory seen) private {
        _outages.push(seen.outageStart, (uint224(seen.secondsDown) << 32) | seen.outageEnd);
        emit OutageEnded(seen.outageStart, seen.outageEnd);
    }

    /// @dev What would be stored if somebody beat now.
    function _seen() private view returns (Beats memory seen) {
        seen = _beats;
        _hear(seen);
    }

    /// @dev Seconds of all outages up to `time`. A time before the latest outage fits 32 bits, as that one's start does.
    function _downAt(Beats memory seen, uint256 time) private view returns (uint256) {
        if (time >= seen.outageStart) return seen.secondsDown - Math.saturatingSub(seen.outageEnd, time);
        uint256 found = _outages.upperLookupRecent(uint32(time));
        return (found >> 32) - Math.saturatingSub(uint32(found), time);
    }

    /// @dev Lets `self` hear a beat now; says whether it ends an outage.
    /// Unchecked: time does not go back, and the seconds of outages are some of those since 1970.
    function _hear(Beats memory self) private view returns (bool ended) {
        unchecked {
            uint256 gap = block.timestamp - self.last;
            ended = gap > LIMIT;
            if (ended) {
                (self.outageStart, self.outageEnd) = (self.last, uint32(block.timestamp));
                self.secondsDown += uint32(gap);
            }
            self.last = uint32(block.timestamp);
        }
    }

    /// @dev Whether the uptime feed, if there is one, has said for the time of grace that the sequencer is up.
    function _feedIsCalm() private view returns (bool) {
        if (UPTIME_FEED == address(0)) return true;
        bytes memory question = abi.encodeCall(IAggregatorV3.latestRoundData, ());
        (bool answered, uint256[5] memory round) = BoundedCall.ask(UPTIME_FEED, question, 5);
        (uint256 status, uint256 startedAt) = (round[1], round[2]);
        if (!answered || status != 0 || startedAt == 0 || startedAt > block.timestamp) return false;
        return block.timestamp - startedAt >= GRACE;
    }
}
