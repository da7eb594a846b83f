// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Manager
/// @notice The one place that says who may call which governed function. Its members act without a delay of its own: the only
/// delay is the timelock's, which is the only governor and the only admin.
contract Manager is AccessManager {
    /// @notice The role of who changes parameters.
    uint64 public constant GOVERNOR = 1;

    /// @notice The role of who may pause new risk.
    uint64 public constant GUARDIAN = 2;

    /// @param deployer Admin until it hands the venue to the timelock.
    constructor(address deployer) AccessManager(deployer) {
        emit RoleLabel(GOVERNOR, "GOVERNOR");
        emit RoleLabel(GUARDIAN, "GUARDIAN");
    }
}
