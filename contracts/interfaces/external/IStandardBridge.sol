// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IStandardBridge
/// @notice What is asked of the standard bridge of an OP Stack rollup.
interface IStandardBridge {
    /// @notice Burns or locks tokens of the caller here and has the other chain's bridge pay `to`.
    /// @param localToken The token here.
    /// @param remoteToken The token there.
    /// @param to Who is paid there.
    /// @param amount How much.
    /// @param minGasLimit Gas that the message has there at least.
    /// @param extraData Data that travels along.
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
}
