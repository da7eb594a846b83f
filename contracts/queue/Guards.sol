// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Announcement, Guard} from "../types/Guard.sol";
import {AccountId} from "../types/Ids.sol";
import {Hold, Obstacle} from "../types/Ticket.sol";

import {IAccountGuards} from "../interfaces/IAccountGuards.sol";
import {IWithdrawalQueue} from "../interfaces/IWithdrawalQueue.sol";
import {Line} from "./Line.sol";

/// @notice What owners do to protect their accounts from whoever steals their key.
abstract contract Guards is Line {
    using SafeCast for uint256;

    /// @inheritdoc IAccountGuards
    uint32 public constant MAX_EXTRA_DELAY = 30 days;

    /// @inheritdoc IAccountGuards
    uint256 public constant MAX_DESTINATIONS = 16;

    mapping(uint32 account => Guard) private _guards;
    mapping(uint32 account => Announcement) private _announcements;
    // By account and number of the list; an old list is left behind, not emptied.
    mapping(uint256 key => mapping(address destination => bool)) private _destinations;

    modifier onlyAccountOwner(AccountId account) {
        address owner = POSITIONS.ownerOf(account);
        require(msg.sender == owner, Guard_CallerNotOwner(account, msg.sender, owner));
        _;
    }

    /// @inheritdoc IWithdrawalQueue
    function push(uint32 account, address recipient, uint96 amount) external returns (uint64 id) {
        require(msg.sender == address(POSITIONS), Queue_CallerNotPositions(msg.sender, address(POSITIONS)));
        Back memory back = _back;
        require(!back.closed, Queue_Closed());
        Guard memory guard = _guards[account];
        bool allowed = !guard.confined || _destinations[_listKey(account, guard.list)][recipient];
        require(allowed, Guard_DestinationRefused(account, recipient));
        if (guard.extraDelay != 0) {
            _hold(account, recipient, amount, guard.extraDelay);
            return 0;
        }
        uint32 readyAt;
        (id, readyAt) = _join(back, account, recipient, amount);
        emit TicketIssued(id, account, recipient, amount, readyAt);
    }

    /// @inheritdoc IAccountGuards
    function admit(uint64 hold_) external returns (uint64 ticket) {
        Hold memory self = _holds[hold_];
        require(self.amount != 0, Hold_Unknown(hold_));
        require(block.timestamp >= self.until, Hold_NotOver(hold_, self.until));
        delete _holds[hold_];
        _holdTotals.sum -= self.amount;
        uint32 readyAt;
        (ticket, readyAt) = _join(_back, self.account, self.recipient, self.amount);
        emit TicketAdmitted(hold_, ticket, self.recipient, self.amount, readyAt);
    }

    /// @inheritdoc IAccountGuards
    function announceGuard(
        AccountId account,
        uint32 extraDelay,
        address[] calldata destinations
    ) external onlyAccountOwner(account) {
        require(extraDelay <= MAX_EXTRA_DELAY, Guard_DelayTooLong(extraDelay, MAX_EXTRA_DELAY));
        uint256 count = destinations.length;
        require(count <= MAX_DESTINATIONS, Guard_TooManyDestinations(count, MAX_DESTINATIONS));
        uint32 applicableAt = (block.timestamp + _guardOf(account).extraDelay).toUint32();
        emit GuardAnnounced(account, extraDelay, destinations, applicableAt);
        // Nothing is in force that would have to be waited for.
        if (applicableAt == block.timestamp) _setGuard(account, extraDelay, destinations);
        else _announcements[AccountId.unwrap(account)] = Announcement(_digest(extraDelay, destinations), applicableAt);
    }

    /// @inheritdoc IAccountGuards
    function applyGuard(
        AccountId account,
        uint32 extraDelay,
        address[] calldata destinations
    ) external onlyAccountOwner(account) {
        Announcement memory announced = _announcements[AccountId.unwrap(account)];
        bool same = announced.applicableAt != 0 && announced.digest == _digest(extraDelay, destinations);
        require(same, Guard_NotAnnounced(account));
        uint256 from = announced.applicableAt;
        require(block.timestamp >= from, Guard_NotApplicable(account, from));
        _setGuard(account, extraDelay, destinations);
    }

    /// @inheritdoc IAccountGuards
    function withdrawGuardChange(AccountId account) external onlyAccountOwner(account) {
        bool announced = _announcements[AccountId.unwrap(account)].applicableAt != 0;
        require(announced, Guard_NotAnnounced(account));
        delete _announcements[AccountId.unwrap(account)];
        emit GuardChangeWithdrawn(account);
    }

    /// @inheritdoc IAccountGuards
    function isGuarded(uint32 account) external view returns (bool) {
        Guard memory guard = _guards[account];
        return guard.confined || guard.extraDelay != 0;
    }

    /// @inheritdoc IAccountGuards
    function allows(uint32 account, address destination) external view returns (bool) {
        Guard memory guard = _guards[account];
        return !guard.confined || _destinations[_listKey(account, guard.list)][destination];
    }

    /// @inheritdoc IAccountGuards
    function guardOf(
        AccountId account
    ) external view returns (uint32 extraDelay, bool confined, uint32 changeApplicableAt) {
        Guard memory guard = _guardOf(account);
        return (guard.extraDelay, guard.confined, _announcements[AccountId.unwrap(account)].applicableAt);
    }

    /// @inheritdoc IAccountGuards
    function hold(uint64 id) external view returns (uint32 account, address recipient, uint256 amount, uint32 until) {
        Hold memory self = _holds[id];
        return (self.account, self.recipient, self.amount, self.until);
    }

    /// @inheritdoc IAccountGuards
    function obstacleOfHold(uint64 id) external view returns (Obstacle) {
        return block.timestamp < _holds[id].until ? Obstacle.Held : Obstacle.None;
    }

    function _hold(uint32 account, address recipient, uint128 amount, uint256 extraDelay) private {
        Holds memory totals = _holdTotals;
        uint32 until = (block.timestamp + extraDelay).toUint32();
        uint64 id = ++totals.last;
        totals.sum += amount;
        (_holdTotals, _holds[id]) = (totals, Hold(recipient, account, until, amount));
        emit TicketHeld(id, account, recipient, amount, until);
    }

    function _setGuard(AccountId account, uint32 extraDelay, address[] calldata destinations) private {
        uint32 raw = AccountId.unwrap(account);
        delete _announcements[raw];
        uint64 list = _guards[raw].list + 1;
        _guards[raw] = Guard(extraDelay, destinations.length != 0, list);
        mapping(address => bool) storage allowed = _destinations[_listKey(raw, list)];
        for (uint256 i; i < destinations.length; ++i) allowed[destinations[i]] = true;
        emit GuardChanged(account, extraDelay, destinations);
    }

    function _guardOf(AccountId account) private view returns (Guard memory) {
        return _guards[AccountId.unwrap(account)];
    }

    function _listKey(uint32 account, uint64 list) private pure returns (uint256) {
        return (uint256(account) << 64) | list;
    }

    function _digest(uint32 extraDelay, address[] calldata destinations) private pure returns (uint224) {
        return uint224(uint256(keccak256(abi.encode(extraDelay, destinations))));
    }
}
