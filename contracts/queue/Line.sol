// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Aside, Ticket, TicketStatus} from "../types/Ticket.sol";
import {Outflow} from "../types/Outflow.sol";

import {IWithdrawalQueue} from "../interfaces/IWithdrawalQueue.sol";
import {QueueStorage} from "./QueueStorage.sol";

/// @notice First in, first out, through the bucket.
abstract contract Line is QueueStorage {
    using SafeCast for uint256;

    /// @inheritdoc IWithdrawalQueue
    function pop(uint256 booked) external onlyVault returns (uint64 id, address recipient, uint256 amount) {
        Front memory front = _front;
        Ticket memory first = _tickets[front.head].unpack();
        uint256 since = Math.max(first.readyAt, front.gateEnd);
        // Beyond the end there is a ticket of nothing.
        if (first.amount == 0 || block.timestamp < since) return (0, address(0), 0);
        uint256 rest = first.amount - (front.popped - first.issuedBefore);
        amount = front.lifted ? rest : _draw(booked, since, rest);
        if (amount == 0) return (0, address(0), 0);

        (id, recipient) = (front.head, first.recipient);
        _advance(front, amount == rest ? id + 1 : id, amount);
        emit TicketPopped(id, amount);
    }

    /// @inheritdoc IWithdrawalQueue
    function setAside(uint64 id, uint256 amount, uint256 booked) external onlyVault returns (uint256 left) {
        Front memory front = _front;
        uint256 rest = _restOfPopped(front, id);
        uint64 claimableAt = uint64(block.timestamp);
        // What the bucket has not yet given for it waits for as long as it would have, in a lane of its own.
        if (rest != 0) claimableAt = _queueUp(front, id, rest, booked);

        left = amount + rest;
        _asides[id] = Aside(left.toUint128(), claimableAt);
        _asideTotals.sum += uint128(left);
        emit TicketSetAside(id, left, claimableAt);
    }

    /// @inheritdoc IWithdrawalQueue
    function settleAside(uint64 id) external onlyVault returns (address recipient, uint256 amount) {
        Aside memory self = _asides[id];
        require(self.amount != 0, Queue_TicketNotAside(id, _statusOf(id)));
        uint256 from = claimableFrom(id);
        require(block.timestamp >= from, Queue_TicketNotClaimable(id, from));

        (recipient, amount) = (_tickets[id].unpack().recipient, self.amount);
        delete _asides[id];
        _asideTotals.sum -= self.amount;
        emit AsideSettled(id);
    }

    /// @inheritdoc IWithdrawalQueue
    function claimableFrom(uint64 id) public view returns (uint256) {
        Aside memory self = _asides[id];
        if (self.amount == 0 || _front.lifted) return 0;
        return Math.max(self.claimableAt, _front.gateEnd);
    }

    /// @dev A ticket at the end of the line.
    function _join(
        Back memory back,
        uint32 account,
        address recipient,
        uint128 amount
    ) internal returns (uint64 id, uint32 readyAt) {
        unchecked {
            id = back.tail;
            // A shorter delay must not let a later ticket be ready before an earlier one: the line would wait for its head.
            readyAt = uint32(Math.max(block.timestamp + back.delay, back.readyAt));
            _tickets[id].write(recipient, account, readyAt, amount, back.issued);
            // A ticket is below 2^56, as collateral is: as many as there are numbers fit 128 bits.
            (back.readyAt, back.tail, back.issued) = (readyAt, id + 1, back.issued + amount);
            _back = back;
        }
    }

    /// @dev Paid is not written anywhere: it is to have left the line and not to be aside.
    function _statusOf(uint64 id) internal view returns (TicketStatus) {
        if (id == 0 || id >= _back.tail) return TicketStatus.Unknown;
        if (id < _front.head) return _asides[id].amount == 0 ? TicketStatus.Paid : TicketStatus.Aside;
        return block.timestamp < _tickets[id].readyAtOf() ? TicketStatus.Waiting : TicketStatus.Ready;
    }

    function _draw(uint256 booked, uint256 since, uint256 rest) private returns (uint256 part) {
        Outflow memory outflow = _outflow;
        part = outflow.draw(outflow.capacity(booked), since, rest);
        if (part != 0) _outflow = outflow;
    }

    function _advance(Front memory front, uint64 head_, uint256 amount) private {
        front.head = head_;
        front.popped += uint128(amount);
        _front = front;
    }

    /// @dev What was not popped of the ticket that was popped last.
    function _restOfPopped(Front memory front, uint64 id) private view returns (uint256) {
        Ticket memory last = _tickets[id].unpack();
        bool whole = id != 0 && id + 1 == front.head;
        bool partly = id == front.head && last.amount != 0 && front.popped > last.issuedBefore;
        bool popped = (whole || partly) && _asides[id].amount == 0;
        require(popped, Queue_TicketNotPopped(id, front.head - 1));
        return whole ? 0 : last.amount - (front.popped - last.issuedBefore);
    }

    /// @dev Takes the rest of the head off the line; returns when it can be claimed.
    function _queueUp(Front memory front, uint64 id, uint256 rest, uint256 booked) private returns (uint64 lane) {
        _advance(front, id + 1, rest);
        Outflow memory outflow = _outflow;
        uint256 span = Math.ceilDiv(rest * outflow.window, outflow.capacity(booked));
        uint256 end = Math.max(block.timestamp, _asideTotals.lane) + span;
        lane = uint64(Math.min(end, type(uint64).max));
        _asideTotals.lane = lane;
    }
}
