// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IStandardBridge} from "../interfaces/external/IStandardBridge.sol";

/// @notice The code behind every door; see `IL1Doors`. It has no storage and does what `L1Doors` says, which made it.
contract L1Door {
    using SafeERC20 for IERC20;

    /// @notice Thrown when somebody else than `L1Doors` opens a door.
    error Door_CallerNotDoors(address caller, address doors);

    address private immutable DOORS = msg.sender;

    /// @notice Sends tokens of this door over the bridge.
    /// @param bridge The standard bridge on L2.
    /// @param token The token on L2.
    /// @param l1Token The token on L1.
    /// @param recipient Who is paid on L1.
    /// @param amount Quote units.
    /// @param l1Gas Gas of the message on L1.
    function pass(
        IStandardBridge bridge,
        IERC20 token,
        address l1Token,
        address recipient,
        uint256 amount,
        uint32 l1Gas
    ) external {
        if (msg.sender != DOORS) revert Door_CallerNotDoors(msg.sender, DOORS);
        // A bridge burns the token of an L1 token without asking; it takes a token that is at home on L2.
        token.forceApprove(address(bridge), amount);
        bridge.bridgeERC20To(address(token), l1Token, recipient, amount, l1Gas, "");
    }
}
