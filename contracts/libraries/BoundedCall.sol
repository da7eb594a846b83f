// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BoundedCall
/// @notice Asks a contract that somebody else wrote, and survives whatever it does: a revert, burnt gas, a short answer or an
/// endless one, no code at all.
/// @dev A caller who brings too little gas can make the question fail, so a missing answer must never be worth anything to
/// anyone: it means no price, or not calm.
library BoundedCall {
    /// @dev Feeds behind a proxy take about 20,000.
    uint256 private constant GAS = 150_000;

    /// @notice The first `count` words of the answer, if there are as many.
    /// @param target Who is asked.
    /// @param question Calldata.
    /// @param count Words that the answer must have, at most five.
    /// @return answered Whether there is such an answer.
    /// @return words The answer, not yet checked against the widths of its types.
    function ask(
        address target,
        bytes memory question,
        uint256 count
    ) internal view returns (bool answered, uint256[5] memory words) {
        // NOTE: the high-level call would copy an endless answer at our cost, and decoding a short one would revert.
        assembly ("memory-safe") {
            answered := staticcall(GAS, target, add(question, 32), mload(question), words, mul(count, 32))
            answered := and(answered, iszero(lt(returndatasize(), mul(count, 32))))
        }
    }
}
