// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IStandardBridge} from "./external/IStandardBridge.sol";

/// @title L1Doors
/// @notice Addresses on L2 that lead to L1. Each L1 recipient has a door: whatever collateral is paid to it can go nowhere but
/// over the rollup's standard bridge to that recipient, and anybody may send it on. So a ticket of the queue, or a share of a
/// frozen venue, leaves straight for L1 when its recipient is a door, and neither queue nor vault knows of it.
///
/// @dev A door is a clone of one piece of code with the recipient as its argument, at an address that follows from both: it can
/// be paid before it exists. Assumptions. Correctness: the bridge takes what it is asked to and pays the same on L1. Liveness: a
/// bridge that refuses leaves the tokens at the door; another try is open to everybody.
interface IL1Doors {
    /// @notice Thrown when the doors are deployed with a zero address.
    error Doors_AddressZero();

    /// @notice Thrown when the door of nobody is asked for.
    error Doors_RecipientZero();

    /// @notice Thrown when there is nothing at a door.
    error Doors_NothingToSend(address recipient, address door);

    /// @notice What lay at a door is on its way to L1.
    /// @param recipient Who is paid on L1.
    /// @param door Where it lay on L2.
    /// @param amount Quote units.
    event Sent(address indexed recipient, address indexed door, uint256 amount);

    /// @notice Sends everything at a recipient's door to L1; makes the door if there is none yet. Anyone may call.
    /// @dev Emits `Sent`, and what the bridge emits.
    /// @param recipient Who is paid on L1.
    /// @return amount Quote units.
    function send(address recipient) external returns (uint256 amount);

    /// @notice Where a recipient's door is, or will be.
    /// @param recipient Who is paid on L1.
    function doorOf(address recipient) external view returns (address door);

    /// @notice The collateral token on L2.
    function TOKEN() external view returns (IERC20);

    /// @notice The token on L1 that it stands for.
    function L1_TOKEN() external view returns (address);

    /// @notice The standard bridge on L2.
    function BRIDGE() external view returns (IStandardBridge);

    /// @notice Gas that the bridge's message has on L1 at least. It is the same for all, so that nobody can send with too little.
    function L1_GAS() external view returns (uint32);
}
