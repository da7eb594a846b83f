// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What is remembered of the chain's life, one word; times in seconds.
struct Beats {
    // The last beat.
    uint32 last;
    // The latest outage that a beat ended: the beat before it, and the one that ended it. Zero when there was none.
    uint32 outageStart;
    uint32 outageEnd;
    // Seconds of all outages.
    uint32 secondsDown;
}

/// @title ISequencerWatch
/// @notice Whether the chain was just down. Somebody beats every now and then; a gap between two beats that is longer than
/// `LIMIT` is an outage, and after it there is a grace of `GRACE` seconds in which nobody should be liquidated.
///
///     outage         a gap between beats > LIMIT, from the beat before it to the one after it
///     seconds down   Σ outage
///     calm           now >= end of the latest outage + GRACE, and the uptime feed agrees
///
/// All views answer as if somebody beat now: a chain that just came back is not calm although nobody beat yet. Every outage is
/// remembered from when to when, so what a period lost is exact however late it is asked for.
/// @dev It moves nothing and stops nothing: an answer delays liquidation, funding and a freeze for silence, and no withdrawal asks it.
/// Assumptions. Somebody beats at least every `LIMIT` seconds while the chain is up: each new price does. If nobody does, the gap
/// counts as an outage, which delays liquidation and funding. The operator of an L2 may fill an outage with empty blocks of past times;
/// nobody's beat is in them, so they are a gap as well.
interface ISequencerWatch {
    /// @notice The watch began.
    /// @param limit Longest gap between beats that is no outage, seconds.
    /// @param grace Seconds of grace after an outage.
    /// @param uptimeFeed A feed that says whether the sequencer is up; zero for none.
    event WatchStarted(uint32 limit, uint32 grace, address indexed uptimeFeed);

    /// @notice The chain was alive in this block, for the first time in its second.
    event Beat();

    /// @notice An outage ended with this beat.
    /// @param start The beat before it.
    /// @param end The beat that ended it; grace begins.
    event OutageEnded(uint32 start, uint32 end);

    /// @notice Thrown when the limit is out of its bounds.
    error Watch_LimitOutOfBounds(uint32 limit, uint32 min, uint32 max);

    /// @notice Thrown when the grace is out of its bounds.
    error Watch_GraceOutOfBounds(uint32 grace, uint32 min, uint32 max);

    /// @notice Says that the chain is alive; anyone may call.
    /// @dev Emits `Beat`, and `OutageEnded` after a gap. The second of two beats within a second changes nothing.
    function beat() external;

    /// @notice Whether the chain is up, has been for the time of grace, and the uptime feed, if there is one, says the same.
    /// @dev A feed that reverts, burns its gas, answers short or says that it never started is not calm.
    function isCalm() external view returns (bool);

    /// @notice When the latest grace ends or ended; 0 when there never was an outage.
    function graceEndsAt() external view returns (uint256);

    /// @notice Seconds of all outages so far.
    function downSeconds() external view returns (uint256);

    /// @notice Seconds of all outages within a time that has passed; an outage that crosses one of its ends counts with what lies
    /// within.
    /// @dev Past outages are found by bisection: what it costs grows with the logarithm of their number.
    /// @param start First second, since 1970.
    /// @param end The second after the last; nothing when it is not above `start`.
    function downBetween(uint256 start, uint256 end) external view returns (uint256);

    /// @notice What is stored.
    function beats() external view returns (Beats memory);

    /// @notice Longest gap between beats that is no outage, seconds.
    function LIMIT() external view returns (uint32);

    /// @notice Seconds of grace after an outage.
    function GRACE() external view returns (uint32);

    /// @notice The feed that says whether the sequencer is up; zero for none.
    function UPTIME_FEED() external view returns (address);
}
