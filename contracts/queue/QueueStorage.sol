// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Aside, Hold, PackedTicket} from "../types/Ticket.sol";
import {Outflow} from "../types/Outflow.sol";

import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IFundingIndex} from "../interfaces/IFundingIndex.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {IPerpPositions} from "../interfaces/IPerpPositions.sol";
import {IWithdrawalQueue, QueueParts} from "../interfaces/IWithdrawalQueue.sol";

/// @notice The words of `WithdrawalQueue`, and nothing else.
abstract contract QueueStorage is IWithdrawalQueue {
    /// @dev What `pop` moves; one word. `popped` is the sum of all units that left the line, paid or not. From `lifted` on there
    /// is neither a bucket nor a gate.
    struct Front {
        uint64 head;
        uint128 popped;
        uint32 gateEnd;
        bool lifted;
    }

    /// @dev What `push` moves; one word. `issued` is the sum of all tickets.
    struct Back {
        uint24 delay;
        bool closed;
        uint32 readyAt;
        uint64 tail;
        uint128 issued;
    }

    /// @dev What `setAside` moves; one word. `lane` is the second by which all of it can be claimed.
    struct Asides {
        uint128 sum;
        uint64 lane;
    }

    /// @dev What holds move; one word.
    struct Holds {
        uint64 last;
        uint128 sum;
    }

    /// @inheritdoc IWithdrawalQueue
    ICollateralVault public immutable VAULT;

    /// @inheritdoc IWithdrawalQueue
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IWithdrawalQueue
    IFundingIndex public immutable INDEX;

    /// @inheritdoc IWithdrawalQueue
    IInsuranceFund public immutable FUND;

    /// @inheritdoc IWithdrawalQueue
    address public immutable HATCH;

    Front internal _front;
    Back internal _back;
    Outflow internal _outflow;
    Asides internal _asideTotals;
    Holds internal _holdTotals;
    mapping(uint64 ticket => PackedTicket) internal _tickets;
    mapping(uint64 ticket => Aside) internal _asides;
    mapping(uint64 hold => Hold) internal _holds;

    constructor(QueueParts memory parts) {
        bool named = address(parts.vault) != address(0) && address(parts.positions) != address(0);
        named = named && address(parts.index) != address(0) && address(parts.fund) != address(0);
        require(named && parts.hatch != address(0), Queue_AddressZero());
        (VAULT, POSITIONS, INDEX, FUND) = (parts.vault, parts.positions, parts.index, parts.fund);
        HATCH = parts.hatch;
        (_front.head, _back.tail) = (1, 1);
    }

    modifier onlyVault() {
        require(msg.sender == address(VAULT), Queue_CallerNotVault(msg.sender, address(VAULT)));
        _;
    }
}
