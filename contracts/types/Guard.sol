// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How an owner protects an account; one word.
struct Guard {
    /// Seconds that a request is held before it joins the line.
    uint32 extraDelay;
    /// Whether money goes to the destinations on the list alone.
    bool confined;
    /// Number of the list.
    uint64 list;
}

/// @notice A change of a guard that is to come; one word.
struct Announcement {
    /// The lower part of the hash of what was announced.
    uint224 digest;
    /// The first second at which it may be applied; zero when nothing is announced.
    uint32 applicableAt;
}
