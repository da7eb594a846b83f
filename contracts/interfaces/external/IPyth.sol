// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A price as Pyth publishes it: `price · 10^expo`, give or take `conf · 10^expo`.
struct PythPrice {
    int64 price;
    uint64 conf;
    int32 expo;
    uint256 publishTime;
}

/// @title IPyth
/// @notice The part of Pyth's interface that is asked here.
interface IPyth {
    /// @notice The last price of a feed, however old it is; reverts when there never was one.
    /// @param id The feed.
    function getPriceUnsafe(bytes32 id) external view returns (PythPrice memory price);
}
