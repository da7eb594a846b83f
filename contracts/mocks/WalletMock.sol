// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {Misbehaving} from "./Misbehaving.sol";

/// @notice A wallet that owns an account: signs by a list, and does as it is told when ether comes.
contract WalletMock is IERC1271, Misbehaving {
    /// @notice Digests that count as signed.
    mapping(bytes32 => bool) public signed;

    /// @notice Whom it calls when ether comes, and with what; nobody at first.
    address public hooked;
    bytes public hook;

    /// @notice Whether the call when ether came last went through.
    bool public hookWentThrough;

    /// @notice Thrown when a call that it was told to make is undone.
    error Mock_CallFailed(bytes reason);

    receive() external payable {
        if (hooked != address(0)) (hookWentThrough, ) = hooked.call(hook);
    }

    /// @notice Signs a digest.
    function sign(bytes32 digest) external {
        signed[digest] = true;
    }

    /// @notice Chooses what to call when ether comes.
    function setHook(address target, bytes calldata data) external {
        (hooked, hook) = (target, data);
    }

    /// @notice Makes a call.
    function perform(address target, bytes calldata data) external payable returns (bytes memory answer) {
        bool done;
        (done, answer) = target.call{value: msg.value}(data);
        if (!done) revert Mock_CallFailed(answer);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        _misbehave();
        return signed[digest] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
