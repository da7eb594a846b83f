// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a view of a contract that somebody else wrote may do besides answering.
enum Fault {
    None,
    Reverts,
    BurnsGas,
    AnswersShort,
    AnswersEndlessly
}

/// @notice Misbehaves in the chosen way.
abstract contract Misbehaving {
    /// @notice The chosen way.
    Fault public fault;

    /// @notice Thrown by a mock that was told to revert.
    error Mock_ToldToRevert();

    /// @notice Chooses a way.
    function setFault(Fault fault_) external {
        fault = fault_;
    }

    function _misbehave() internal view {
        Fault chosen = fault;
        if (chosen == Fault.Reverts) revert Mock_ToldToRevert();
        uint256 burnt;
        while (chosen == Fault.BurnsGas) ++burnt;
        // One byte less than the shortest answer that is asked of a feed; far more than the longest.
        if (chosen == Fault.AnswersShort) _answer(127);
        if (chosen == Fault.AnswersEndlessly) _answer(100_000);
    }

    function _answer(uint256 size) private pure {
        assembly ("memory-safe") {
            // From free memory, which is zero.
            return(mload(0x40), size)
        }
    }
}
