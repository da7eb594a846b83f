// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Report} from "./types/Report.sol";

import {ReportHashing} from "./libraries/ReportHashing.sol";

import {Governed} from "./governance/Governed.sol";

import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {IPriceSource} from "./interfaces/IPriceSource.sol";

/// @title PriceFeed
/// @notice The index price of each market: the median of a quorum of signed reports, bounded in age and in speed.
contract PriceFeed is IPriceFeed, EIP712, Governed {
    /// @dev An accepted price; one word per market.
    struct Price {
        uint32 value;
        uint32 time;
        // Whether the guard held the price back.
        bool clamped;
    }

    /// @dev What `post` reads besides prices and publishers; one word.
    struct Rules {
        uint8 quorum;
        uint32 maxAge;
        uint32 maxSpeedPpm;
    }

    /// @dev What is the same for all reports of one post.
    struct Window {
        uint16 market;
        uint32 last;
        uint256 oldest;
    }

    /// @inheritdoc IPriceFeed
    /// @dev Each publisher is one bit of a word.
    uint256 public constant MAX_PUBLISHERS = 32;

    /// @inheritdoc IPriceFeed
    uint256 public constant MIN_QUORUM = 3;

    /// @inheritdoc IPriceFeed
    uint256 public constant MAX_AGE_BOUND = 1 hours;

    /// @inheritdoc IPriceFeed
    /// @dev A guard that lets a price double within a second guards nothing.
    uint256 public constant MAX_SPEED_BOUND = 1_000_000;

    uint256 private constant PPM = 1_000_000;

    Rules private _rules;
    address[] private _publishers;
    mapping(uint16 market => Price) private _prices;

    /// @dev Place in the list, from 1; zero is nobody.
    mapping(address publisher => uint256) private _placeOf;

    /// @param manager Says who may change publishers and guards.
    /// @param publishers_ The first publishers.
    /// @param quorum_ How many of them make a price.
    /// @param maxAge_ How old a report may be, in seconds.
    /// @param maxSpeedPpm_ How far the price may move per second, in parts of 10^6.
    constructor(
        address manager,
        address[] memory publishers_,
        uint8 quorum_,
        uint32 maxAge_,
        uint32 maxSpeedPpm_
    ) EIP712("Penstock", "1") Governed(manager) {
        _setPublishers(publishers_, quorum_);
        _setGuards(maxAge_, maxSpeedPpm_);
    }

    /// @inheritdoc IPriceFeed
    function post(uint16 market, Report[] calldata reports) external {
        Rules memory rules = _rules;
        require(reports.length >= rules.quorum, Feed_QuorumMissed(reports.length, rules.quorum));

        Price memory last = _prices[market];
        uint256 oldest = Math.saturatingSub(block.timestamp, rules.maxAge);
        uint32 time = _check(Window(market, last.time, oldest), reports);

        uint32 median = reports[(reports.length - 1) / 2].price;
        uint32 price = _guard(last, median, time, rules.maxSpeedPpm);
        _prices[market] = Price(price, time, price != median);
        emit PriceAccepted(market, price, time, median, price != median);
    }

    /// @inheritdoc IPriceFeed
    function setPublishers(address[] calldata publishers_, uint8 quorum_) external restricted {
        _setPublishers(publishers_, quorum_);
    }

    /// @inheritdoc IPriceFeed
    function addPublisher(address publisher) external restricted {
        uint256 count = _publishers.length;
        _checkQuorum(_rules.quorum, count + 1);
        _enter(publisher, count);
        _publishers.push(publisher);
        emit PublisherAdded(publisher);
    }

    /// @inheritdoc IPriceFeed
    function removePublisher(address publisher) external restricted {
        uint256 place = _placeOf[publisher];
        require(place != 0, Feed_NotPublisher(publisher));
        uint256 count = _publishers.length - 1;
        require(count >= _rules.quorum, Feed_QuorumUnreachable(_rules.quorum, count));
        // The last of the list takes the free place.
        address last = _publishers[count];
        (_publishers[place - 1], _placeOf[last]) = (last, place);
        _publishers.pop();
        delete _placeOf[publisher];
        emit PublisherRemoved(publisher);
    }

    /// @inheritdoc IPriceFeed
    function setGuards(uint32 maxAge_, uint32 maxSpeedPpm_) external restricted {
        _setGuards(maxAge_, maxSpeedPpm_);
    }

    /// @inheritdoc IPriceSource
    function latest(uint16 market) external view returns (uint32 price, uint32 time, bool clamped) {
        Price memory last = _prices[market];
        return (last.value, last.time, last.clamped);
    }

    /// @inheritdoc IPriceFeed
    function publishers() external view returns (address[] memory) {
        return _publishers;
    }

    /// @inheritdoc IPriceFeed
    function isPublisher(address who) external view returns (bool) {
        return _placeOf[who] != 0;
    }

    /// @inheritdoc IPriceFeed
    function quorum() external view returns (uint8) {
        return _rules.quorum;
    }

    /// @inheritdoc IPriceFeed
    function maxAge() external view returns (uint32) {
        return _rules.maxAge;
    }

    /// @inheritdoc IPriceFeed
    function maxSpeedPpm() external view returns (uint32) {
        return _rules.maxSpeedPpm;
    }

    /// @inheritdoc IPriceFeed
    function isFresh(uint16 market) external view returns (bool) {
        return ageOf(market) <= _rules.maxAge;
    }

    /// @inheritdoc IPriceFeed
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IPriceFeed
    function ageOf(uint16 market) public view returns (uint256) {
        Price memory last = _prices[market];
        return last.value == 0 ? type(uint256).max : block.timestamp - last.time;
    }

    function _setPublishers(address[] memory publishers_, uint8 quorum_) private {
        uint256 count = publishers_.length;
        _checkQuorum(quorum_, count);
        _forgetPublishers();
        for (uint256 i; i < count; ++i) _enter(publishers_[i], i);
        _publishers = publishers_;
        _rules.quorum = quorum_;
        emit PublishersChanged(publishers_, quorum_);
    }

    /// @dev A quorum is more than half, so that any two have a publisher in common: the carrier cannot choose between them.
    function _checkQuorum(uint256 quorum_, uint256 count) private pure {
        require(count <= MAX_PUBLISHERS, Feed_PublishersTooMany(count, MAX_PUBLISHERS));
        require(quorum_ >= MIN_QUORUM && quorum_ <= count, Feed_QuorumOutOfBounds(quorum_, MIN_QUORUM, count));
        require(2 * quorum_ > count, Feed_QuorumNoMajority(quorum_, count));
    }

    /// @dev Gives a publisher the place behind `i` others.
    function _enter(address publisher, uint256 i) private {
        require(publisher != address(0), Feed_PublisherZero(i));
        require(_placeOf[publisher] == 0, Feed_PublisherDuplicate(i, publisher));
        _placeOf[publisher] = i + 1;
    }

    function _forgetPublishers() private {
        address[] memory old = _publishers;
        for (uint256 i; i < old.length; ++i) delete _placeOf[old[i]];
    }

    function _setGuards(uint32 maxAge_, uint32 maxSpeedPpm_) private {
        require(maxAge_ != 0 && maxAge_ <= MAX_AGE_BOUND, Feed_MaxAgeOutOfBounds(maxAge_, MAX_AGE_BOUND));
        require(
            maxSpeedPpm_ != 0 && maxSpeedPpm_ <= MAX_SPEED_BOUND,
            Feed_MaxSpeedOutOfBounds(maxSpeedPpm_, MAX_SPEED_BOUND)
        );
        (_rules.maxAge, _rules.maxSpeedPpm) = (maxAge_, maxSpeedPpm_);
        emit GuardsChanged(maxAge_, maxSpeedPpm_);
    }

    /// @dev Checks every report and returns the oldest time among them.
    function _check(Window memory window, Report[] calldata reports) private view returns (uint32 time) {
        uint32 previous;
        uint256 seen;
        time = type(uint32).max;
        for (uint256 i; i < reports.length; ++i) {
            Report calldata report = reports[i];
            require(report.price != 0, Feed_PriceZero(i));
            require(report.price >= previous, Feed_PricesNotAscending(i, report.price, previous));
            _checkTime(window, i, report.time);
            seen = _checkSigner(window.market, i, report, seen);
            previous = report.price;
            if (report.time < time) time = report.time;
        }
    }

    function _checkTime(Window memory window, uint256 i, uint32 time) private view {
        require(time > window.last, Feed_ReportNotNewer(i, time, window.last));
        require(time <= block.timestamp, Feed_ReportFromFuture(i, time, block.timestamp));
        require(time >= window.oldest, Feed_ReportTooOld(i, time, window.oldest));
    }

    /// @dev Returns `seen` with the bit of the report's publisher set.
    function _checkSigner(
        uint16 market,
        uint256 i,
        Report calldata report,
        uint256 seen
    ) private view returns (uint256) {
        bytes32 digest = _hashTypedDataV4(ReportHashing.hash(market, report.price, report.time));
        // A malformed signature recovers to zero, and zero is never a publisher.
        (address signer, , ) = ECDSA.tryRecover(digest, report.r, report.vs);
        uint256 place = _placeOf[signer];
        require(place != 0, Feed_SignerNotPublisher(i, signer));
        require((seen >> place) & 1 == 0, Feed_PublisherRepeated(i, signer));
        return seen | (1 << place);
    }

    /// @dev The median, or as much of the way to it as the guard allows. One tick is always allowed, so that a price of few
    /// ticks is not frozen.
    function _guard(Price memory last, uint32 median, uint32 time, uint256 speedPpm) private pure returns (uint32) {
        if (last.value == 0) return median;
        uint256 step = Math.max(1, (uint256(last.value) * speedPpm * (time - last.time)) / PPM);
        // Both casts are safe: a clamped price lies between the last one and the median.
        if (median > last.value + step) return uint32(last.value + step);
        if (median + step < last.value) return uint32(last.value - step);
        return median;
    }
}
