// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Manager} from "./Manager.sol";

/// @title Timelock
/// @notice What the governor wants waits here, in sight of everybody, for longer than anybody needs to leave.
/// @dev The governor proposes, executes and cancels; the guardian cancels. Nobody has a power over it but itself.
contract Timelock is TimelockController {
    /// @notice Thrown when the governor, the guardian or the manager is the zero address.
    error Timelock_AddressZero();

    /// @notice Thrown when the delay would be shorter than the one the venue began with.
    error Timelock_DelayTooShort(uint256 delay, uint256 least);

    /// @notice Thrown when a guardian cancels its own dismissal.
    error Timelock_OwnDismissal(address guardian);

    /// @notice The delay that the venue began with, in seconds: it can grow, never shrink below this.
    uint256 public immutable LEAST_DELAY;

    /// @notice Who may call which governed function.
    Manager public immutable MANAGER;

    /// @param manager The access manager.
    /// @param delay Seconds from a proposal until it can be executed.
    /// @param governor Proposes, executes and cancels.
    /// @param guardian Cancels.
    constructor(
        Manager manager,
        uint256 delay,
        address governor,
        address guardian
    ) TimelockController(delay, _only(governor), _only(governor), address(0)) {
        // NOTE: to OpenZeppelin an executor zero is everybody.
        bool named = address(manager) != address(0) && governor != address(0) && guardian != address(0);
        if (!named) revert Timelock_AddressZero();
        (MANAGER, LEAST_DELAY) = (manager, delay);
        _grantRole(CANCELLER_ROLE, guardian);
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        super.updateDelay(newDelay);
        if (newDelay < LEAST_DELAY) revert Timelock_DelayTooShort(newDelay, LEAST_DELAY);
    }

    /// @inheritdoc TimelockController
    /// @dev A guardian that could cancel its own dismissal would be guardian, and could pause and veto, for ever.
    function cancel(bytes32 id) public override {
        bool own = id == dismissalOf(msg.sender) && !hasRole(PROPOSER_ROLE, msg.sender);
        if (own) revert Timelock_OwnDismissal(msg.sender);
        super.cancel(id);
    }

    /// @notice The operation that takes both powers from a guardian and that this guardian cannot cancel.
    /// @dev An operation executes once, so that an address which was dismissed should not be appointed again.
    /// @param guardian Whose powers it takes.
    function dismissalOf(address guardian) public view returns (bytes32) {
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) = dismissal(guardian);
        return keccak256(abi.encode(targets, values, payloads, bytes32(0), bytes32(0)));
    }

    /// @notice What to schedule, and later to execute, as a batch without predecessor and salt in order to dismiss a guardian.
    /// @param guardian Whose powers it takes.
    function dismissal(
        address guardian
    ) public view returns (address[] memory targets, uint256[] memory values, bytes[] memory payloads) {
        (targets, values, payloads) = (new address[](2), new uint256[](2), new bytes[](2));
        (targets[0], targets[1]) = (address(MANAGER), address(this));
        payloads[0] = abi.encodeCall(MANAGER.revokeRole, (MANAGER.GUARDIAN(), guardian));
        payloads[1] = abi.encodeCall(this.revokeRole, (CANCELLER_ROLE, guardian));
    }

    function _only(address who) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = who;
    }
}
