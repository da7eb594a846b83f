// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @notice A contract whose `restricted` functions answer to the access manager.
abstract contract Governed is AccessManaged {
    /// @param manager Says who may call what; it must be there already, since an authority without code could never be asked.
    constructor(address manager) AccessManaged(manager) {
        if (manager.code.length == 0) revert AccessManagedInvalidAuthority(manager);
    }
}
