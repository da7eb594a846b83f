// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @notice Stands in for everyone whom the queue asks or hears, so that a test can speak for all of them.
contract QueuePartsMock {
    /// @notice What `load` answers: every account's word.
    uint256 public word;

    /// @notice What the insurance fund can spare.
    int256 public spare;

    address private immutable OWNER;

    /// @param owner Owner of every account.
    constructor(address owner) {
        OWNER = owner;
    }

    /// @notice Gives every account a word, and the fund something to spare.
    function set(uint256 word_, int256 spare_) external {
        (word, spare) = (word_, spare_);
    }

    /// @notice Calls somebody in the name of all parts.
    function relay(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionCall(target, data);
    }

    /// @notice The same call, so many times.
    function repeat(address target, bytes calldata data, uint256 count) external {
        for (uint256 i; i < count; ++i) Address.functionCall(target, data);
    }

    /// @notice The owner, whichever account it is.
    function ownerOf(uint32) external view returns (address) {
        return OWNER;
    }

    /// @notice The word, whichever slot is asked for.
    function load(uint256) external view returns (uint256) {
        return word;
    }
}
