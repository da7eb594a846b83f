// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Obstacle, Ticket, TicketStatus} from "../types/Ticket.sol";
import {Outflow} from "../types/Outflow.sol";

import {IOutflowForecast} from "../interfaces/IOutflowForecast.sol";
import {Line} from "./Line.sol";

/// @notice When a ticket is paid at the latest, and what it waits for. Costs the same however long the line is.
///
///   since   = max(ready at, end of the gate)
///   C'      = C(booked − need − aside)        the bucket once all of that has left
///   eta     = max(now, served(need) at C')    see `Outflows`
abstract contract Forecast is Line {
    /// @inheritdoc IOutflowForecast
    function aheadOf(uint64 id) public view returns (uint64 tickets, uint256 amount) {
        if (!_inLine(id)) return (0, 0);
        // What the head has had already counts for nobody.
        uint256 before = Math.max(_tickets[id].unpack().issuedBefore, _front.popped);
        return (id - _front.head, before - _front.popped);
    }

    /// @inheritdoc IOutflowForecast
    function leftOf(uint64 id) public view returns (uint256) {
        if (!_inLine(id)) return _asides[id].amount;
        Ticket memory self = _tickets[id].unpack();
        return self.amount - Math.saturatingSub(_front.popped, self.issuedBefore);
    }

    /// @inheritdoc IOutflowForecast
    function etaOf(uint64 id) external view returns (uint256) {
        if (!_inLine(id)) return 0;
        (, uint256 ahead) = aheadOf(id);
        return _eta(_tickets[id].readyAtOf(), ahead + leftOf(id));
    }

    /// @inheritdoc IOutflowForecast
    function eta(uint256 amount) external view returns (uint256) {
        Back memory back = _back;
        if (back.closed) return 0;
        uint256 readyAt = Math.max(block.timestamp + back.delay, back.readyAt);
        return _eta(readyAt, back.issued - _front.popped + amount);
    }

    /// @inheritdoc IOutflowForecast
    function obstacleOf(uint64 id) external view returns (Obstacle) {
        TicketStatus status = _statusOf(id);
        if (status == TicketStatus.Aside) return Obstacle.Aside;
        if (status == TicketStatus.Waiting) return Obstacle.Delay;
        if (status != TicketStatus.Ready) return Obstacle.None;
        if (block.timestamp < _front.gateEnd) return Obstacle.Gate;
        (, uint256 ahead) = aheadOf(id);
        uint256 readyAt = _tickets[id].readyAtOf();
        if (_eta(readyAt, ahead + leftOf(id)) <= block.timestamp) return Obstacle.None;
        return _eta(readyAt, ahead) <= block.timestamp ? Obstacle.Bucket : Obstacle.Line;
    }

    /// @inheritdoc IOutflowForecast
    function outflow()
        external
        view
        returns (uint256 floor, uint256 shareBps, uint256 window, uint256 capacity, uint256 level)
    {
        Outflow memory self = _outflow;
        capacity = self.capacity(VAULT.booked());
        (uint256 credit, ) = self.filled(capacity, block.timestamp);
        return (self.floor, self.shareBps, self.window, capacity, credit / self.window);
    }

    /// @dev When `need` has left at the latest, the last of it ready at `readyAt`.
    function _eta(uint256 readyAt, uint256 need) private view returns (uint256) {
        Front memory front = _front;
        if (front.lifted) return Math.max(block.timestamp, readyAt);
        Outflow memory self = _outflow;
        uint256 capacity = self.capacity(Math.saturatingSub(VAULT.booked(), need + _asideTotals.sum));
        uint256 served = self.servedAt(capacity, Math.max(readyAt, front.gateEnd), need);
        return Math.max(block.timestamp, served);
    }

    function _inLine(uint64 id) private view returns (bool) {
        return id >= _front.head && id < _back.tail;
    }
}
