// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {L1Door} from "./bridge/L1Door.sol";
import {IL1Doors} from "./interfaces/IL1Doors.sol";
import {IStandardBridge} from "./interfaces/external/IStandardBridge.sol";

/// @title L1Doors
/// @notice Addresses on L2 that lead to L1; see `IL1Doors`.
contract L1Doors is IL1Doors {
    /// @inheritdoc IL1Doors
    uint32 public constant L1_GAS = 200_000;

    /// @inheritdoc IL1Doors
    IERC20 public immutable TOKEN;

    /// @inheritdoc IL1Doors
    address public immutable L1_TOKEN;

    /// @inheritdoc IL1Doors
    IStandardBridge public immutable BRIDGE;

    address private immutable CODE = address(new L1Door());

    /// @param token The collateral token on L2.
    /// @param l1Token The token on L1 that it stands for.
    /// @param bridge The standard bridge on L2.
    constructor(IERC20 token, address l1Token, IStandardBridge bridge) {
        bool named = address(token) != address(0) && l1Token != address(0) && address(bridge) != address(0);
        if (!named) revert Doors_AddressZero();
        (TOKEN, L1_TOKEN, BRIDGE) = (token, l1Token, bridge);
    }

    /// @inheritdoc IL1Doors
    function send(address recipient) external returns (uint256 amount) {
        address door = doorOf(recipient);
        amount = TOKEN.balanceOf(door);
        if (amount == 0) revert Doors_NothingToSend(recipient, door);
        if (door.code.length == 0) Clones.cloneDeterministic(CODE, _salt(recipient));
        emit Sent(recipient, door, amount);
        L1Door(door).pass(BRIDGE, TOKEN, L1_TOKEN, recipient, amount, L1_GAS);
    }

    /// @inheritdoc IL1Doors
    function doorOf(address recipient) public view returns (address door) {
        if (recipient == address(0)) revert Doors_RecipientZero();
        return Clones.predictDeterministicAddress(CODE, _salt(recipient));
    }

    /// @dev The recipient is in the address, so a door needs no argument of its own.
    function _salt(address recipient) private pure returns (bytes32) {
        return bytes32(uint256(uint160(recipient)));
    }
}
