// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";

/// @notice Stops releases for a while when an account is bankrupt beyond what the insurance fund can spare: in that time
/// liquidation and deleveraging share the loss, before the winners' money is gone. Tickets keep their places. It is shut for
/// `GATE` at the most, and then not for `GATE_REST`, whoever proves what.
interface IBadDebtGate {
    /// @notice Thrown when the gate was shut too lately.
    error Gate_Resting(uint256 until);

    /// @notice Thrown when the account is not bankrupt, or the insurance fund can pay for it.
    error Gate_DebtCovered(AccountId account, int256 equity, int256 spare);

    /// @notice Thrown when the named markets are not exactly the account's open ones, ascending.
    error Gate_PositionsIncomplete(AccountId account, uint256 named, uint256 open);

    /// @notice Thrown when the mark of an open position is stale.
    error Gate_PriceStale(AccountId account, MarketId market, uint256 freshUntil);

    /// @notice Emitted when the gate is shut.
    /// @param account The bankrupt account.
    /// @param shortfall What it lacks, in quote units.
    /// @param spare What the insurance fund can spare, in quote units.
    /// @param until The first second at which tickets are paid again.
    event GateShut(AccountId indexed account, uint256 shortfall, uint256 spare, uint32 until);

    /// @notice Shuts the gate by naming an account that is bankrupt beyond what the fund can spare. Anyone may call.
    ///
    /// Emits {GateShut}.
    ///
    /// Requirements:
    /// - the venue is not frozen;
    /// - the gate has been open for `GATE_REST`, or was never shut;
    /// - `markets` names every open position, ascending, and their marks are fresh;
    /// - the account's equity and what the fund can spare are negative together.
    ///
    /// @param account The account.
    /// @param markets Its open markets.
    function shutGate(AccountId account, MarketId[] calldata markets) external;

    /// @notice The first second at which tickets are paid again; in the past, or 0, when the gate is open.
    function gateEndsAt() external view returns (uint256);

    /// @notice For how long the gate is shut, in seconds.
    function GATE() external view returns (uint256);

    /// @notice For how long it cannot be shut afterwards, in seconds.
    function GATE_REST() external view returns (uint256);
}
