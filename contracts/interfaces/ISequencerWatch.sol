// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What is remembered of the chain's life, one word; times in seconds.
struct Beats {
    // The last beat.
    uint32 last;
    // The latest outage that a beat ended: the beat before it, and the one that ended it. Zero when there was none.
    uint32 outageStart;
    uint32 outageEnd;
    // Minutes of all outages, each rounded up.
    uint32 minutesDown;
}

/// @title ISequencerWatch
/// @notice Whether the chain was just down. Somebody beats every now and then; a gap between two beats that is longer than
/// `LIMIT` is an outage, and after it there is a grace of `GRACE` seconds in which nobody should be liquidated.
///
///     outage         a gap between beats > LIMIT, from the beat before it to the one after it
///     minutes down   Σ ⌈outage / 60⌉
///     calm           now >= end of the latest outage + GRACE, and the uptime feed agrees
///
/// All views answer as if somebody beat now: a chain that just came back is not calm although nobody beat yet.
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
    /// @param minutesDown Its length, rounded up.
    event OutageEnded(uint32 start, uint32 end, uint32 minutesDown);

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

    /// @notice Minutes of all outages so far, each rounded up.
    function downMinutes() external view returns (uint256);

    /// @notice Minutes of all outages up to a second that has passed.
    /// @dev Only the latest outage is cut at `time`; those before it count in full, so the answer is never too low.
    /// @param time Seconds since 1970.
    function downMinutesAt(uint256 time) external view returns (uint256);

    /// @notice What is stored.
    function beats() external view returns (Beats memory);

    /// @notice Longest gap between beats that is no outage, seconds.
    function LIMIT() external view returns (uint32);

    /// @notice Seconds of grace after an outage.
    function GRACE() external view returns (uint32);

    /// @notice The feed that says whether the sequencer is up; zero for none.
    function UPTIME_FEED() external view returns (address);
}
