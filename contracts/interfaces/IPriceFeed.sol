// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Report} from "../types/Report.sol";

import {IPriceSource} from "./IPriceSource.sol";

/// @title IPriceFeed
/// @notice The index price of each market: the median of a quorum of signed reports, bounded in age and in speed.
///
/// With reports `p_0 <= p_1 <= … <= p_(n-1)`, the last price `L` at time `T`, and `t` the oldest time among the reports:
///
///     median  = p_((n - 1) / 2)                              the lower middle of an even count
///     step    = max(1, floor(L * maxSpeedPpm * (t - T) / 10^6))
///     price   = median, but at least L - step and at most L + step
///
/// The first price of a market has no step. Reports of different seconds may stand in one post, within `maxAge`: the price takes the
/// oldest of their times, so it never claims to be younger than any report behind it.
///
/// @dev Assumptions. Correctness: of every `quorum` reports that somebody could gather, fewer than half are signed by
/// dishonest publishers; then the median lies between two honest prices. The carrier picks which reports to show, so it is
/// the quorum that counts and not the number of publishers. Liveness: `quorum` publishers sign within `maxAge`.
interface IPriceFeed is IPriceSource {
    /// @notice Thrown when fewer reports are posted than the quorum asks for.
    error Feed_QuorumMissed(uint256 reports, uint256 quorum);

    /// @notice Thrown when a report is cheaper than the one before it.
    error Feed_PricesNotAscending(uint256 index, uint32 price, uint32 previous);

    /// @notice Thrown when a report says that the price is zero.
    error Feed_PriceZero(uint256 index);

    /// @notice Thrown when a report is not newer than the last accepted price; a replay ends here.
    error Feed_ReportNotNewer(uint256 index, uint32 time, uint32 last);

    /// @notice Thrown when a report speaks of a second that has not come.
    error Feed_ReportFromFuture(uint256 index, uint32 time, uint256 current);

    /// @notice Thrown when a report is older than the bound on age.
    error Feed_ReportTooOld(uint256 index, uint32 time, uint256 oldest);

    /// @notice Thrown when a report is not signed by a publisher; the signer is zero when the signature is malformed.
    error Feed_SignerNotPublisher(uint256 index, address signer);

    /// @notice Thrown when a publisher reports twice in one post.
    error Feed_PublisherRepeated(uint256 index, address publisher);

    /// @notice Thrown when a list of publishers is longer than the bound.
    error Feed_PublishersTooMany(uint256 count, uint256 max);

    /// @notice Thrown when a list of publishers holds the zero address.
    error Feed_PublisherZero(uint256 index);

    /// @notice Thrown when a list of publishers names somebody twice.
    error Feed_PublisherDuplicate(uint256 index, address publisher);

    /// @notice Thrown when a quorum is below the least one or above the number of publishers.
    error Feed_QuorumOutOfBounds(uint256 quorum, uint256 min, uint256 publishers);

    /// @notice Thrown when a quorum is not more than half of the publishers.
    error Feed_QuorumNoMajority(uint256 quorum, uint256 publishers);

    /// @notice Thrown when a removal would leave fewer publishers than the quorum.
    error Feed_QuorumUnreachable(uint256 quorum, uint256 publishers);

    /// @notice Thrown when somebody who is to be removed is no publisher.
    error Feed_NotPublisher(address who);

    /// @notice Thrown when the bound on age is zero or above its own bound.
    error Feed_MaxAgeOutOfBounds(uint256 maxAge, uint256 max);

    /// @notice Thrown when the bound on speed is zero or above its own bound.
    error Feed_MaxSpeedOutOfBounds(uint256 maxSpeedPpm, uint256 max);

    /// @notice Emitted when a price enters.
    /// @param market The market.
    /// @param price The accepted price, in ticks.
    /// @param time The oldest time among the reports.
    /// @param median The median of the reports, in ticks.
    /// @param clamped Whether the median lay beyond the allowed step, so that `price` differs from it.
    event PriceAccepted(uint16 indexed market, uint32 price, uint32 time, uint32 median, bool clamped);

    /// @notice Emitted when the publishers or their quorum change.
    /// @param publishers All publishers from now on.
    /// @param quorum How many of them make a price.
    event PublishersChanged(address[] publishers, uint8 quorum);

    /// @notice Emitted when a publisher joins.
    /// @param publisher Whose reports count from now on.
    event PublisherAdded(address indexed publisher);

    /// @notice Emitted when a publisher leaves.
    /// @param publisher Whose reports no longer count.
    event PublisherRemoved(address indexed publisher);

    /// @notice Emitted when the bounds on age and speed change.
    /// @param maxAge How old a report may be, in seconds.
    /// @param maxSpeedPpm How far the price may move per second, in parts of 10^6 of itself.
    event GuardsChanged(uint32 maxAge, uint32 maxSpeedPpm);

    /// @notice Enters a price. Anyone may carry the reports.
    ///
    /// Emits {PriceAccepted}.
    ///
    /// Requirements:
    /// - at least `quorum` reports, each by a different publisher, in ascending order of price;
    /// - no price is zero;
    /// - every time is above the time of the last accepted price, not in the future and not older than `maxAge`.
    ///
    /// @param market The market that all reports speak of.
    /// @param reports The reports with their signatures.
    function post(uint16 market, Report[] calldata reports) external;

    /// @notice Replaces all publishers and the quorum.
    ///
    /// Emits {PublishersChanged}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - at most `MAX_PUBLISHERS` publishers, none zero and none twice;
    /// - the quorum is at least `MIN_QUORUM`, at most the number of publishers and more than half of it.
    ///
    /// @param publishers All publishers from now on.
    /// @param quorum How many of them make a price.
    function setPublishers(address[] calldata publishers, uint8 quorum) external;

    /// @notice Adds one publisher; the quorum stays.
    ///
    /// Emits {PublisherAdded}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - there is room, and the quorum stays more than half;
    /// - the publisher is neither zero nor one already.
    ///
    /// @param publisher Whose reports count from now on.
    function addPublisher(address publisher) external;

    /// @notice Removes one publisher; the quorum stays.
    ///
    /// Emits {PublisherRemoved}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - as many publishers stay as the quorum asks for.
    ///
    /// @param publisher Whose reports no longer count.
    function removePublisher(address publisher) external;

    /// @notice Changes the bounds on age and speed.
    ///
    /// Emits {GuardsChanged}.
    ///
    /// Requirements:
    /// - the caller is the governor;
    /// - neither is zero nor above its own bound.
    ///
    /// @param maxAge How old a report may be, in seconds.
    /// @param maxSpeedPpm How far the price may move per second, in parts of 10^6 of itself.
    function setGuards(uint32 maxAge, uint32 maxSpeedPpm) external;

    /// @notice The most publishers that there can be.
    function MAX_PUBLISHERS() external view returns (uint256);

    /// @notice The least quorum: two publishers cannot outvote one another.
    function MIN_QUORUM() external view returns (uint256);

    /// @notice The highest bound on age, in seconds.
    function MAX_AGE_BOUND() external view returns (uint256);

    /// @notice The highest bound on speed, in parts of 10^6 per second.
    function MAX_SPEED_BOUND() external view returns (uint256);

    /// @notice All publishers.
    /// @return The list; a removal moves the last of it.
    function publishers() external view returns (address[] memory);

    /// @notice Whether somebody is a publisher.
    /// @param who The address asked about.
    /// @return True when reports signed by `who` count.
    function isPublisher(address who) external view returns (bool);

    /// @notice How many publishers make a price.
    function quorum() external view returns (uint8);

    /// @notice How old a report may be, in seconds.
    function maxAge() external view returns (uint32);

    /// @notice How far the price may move per second, in parts of 10^6 of itself.
    function maxSpeedPpm() external view returns (uint32);

    /// @notice How old the last accepted price is.
    /// @param market The market.
    /// @return Seconds since the price's time; the largest integer when there never was a price.
    function ageOf(uint16 market) external view returns (uint256);

    /// @notice Whether there is a price that is not older than `maxAge`.
    /// @param market The market.
    /// @return True when the price is fresh.
    function isFresh(uint16 market) external view returns (bool);

    /// @notice The EIP-712 domain separator that publishers sign under; it follows the chain id.
    function domainSeparator() external view returns (bytes32);
}
