// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {IEscapeHatch} from "./IEscapeHatch.sol";
import {IPerpPositions} from "./IPerpPositions.sol";

/// @title InsuranceFund
/// @notice Who bears a loss that an account cannot: the owner of account 0, where fees and penalties go. It is an account like any
/// other, with its own margin and the funding it owes; what it pays is a transfer out of what it can spare.
///
/// Each market has a loss cap. What the fund paid for a market within the last day, and what its own position there has lost, count
/// against it; so one thin market cannot drain what backs the others.
/// @dev What was paid is forgotten linearly over `WINDOW`.
interface IInsuranceFund {
    /// @notice The fund paid what a bankrupt account lacked.
    /// @param account The account.
    /// @param market The market to which the loss is counted.
    /// @param amount Quote units.
    event ShortfallCovered(AccountId indexed account, MarketId indexed market, uint256 amount);

    /// @notice The loss cap of a market changed.
    /// @param market The market.
    /// @param cap Quote units.
    event LossCapChanged(MarketId indexed market, uint96 cap);

    /// @notice The reserve that withdrawals must leave changed.
    /// @param reserve Quote units.
    event ReserveChanged(uint256 reserve);

    /// @notice Thrown when a constructor argument is the zero address.
    error Fund_AddressZero();

    /// @notice Thrown when somebody else than `Liquidations` asks for cover.
    error Fund_CallerNotLiquidations(address caller, address liquidations);

    /// @notice Thrown when a market's loss cap does not leave enough.
    error Fund_LossCapReached(MarketId market, uint256 asked, uint256 left);

    /// @notice Thrown when a withdrawal would not leave the reserve.
    error Fund_ReserveNotLeft(uint256 amount, int256 spare, uint256 reserve);

    /// @notice Pays what a bankrupt account lacks. Only `Liquidations`.
    /// @dev Emits `ShortfallCovered` for each market.
    /// @param account The account.
    /// @param markets Markets to which the loss is counted.
    /// @param amounts Quote units for each.
    function cover(AccountId account, MarketId[] calldata markets, uint256[] calldata amounts) external;

    /// @notice Queues a payment of what the fund has beyond its reserve. Only the governor.
    /// @param recipient Who is paid.
    /// @param amount Quote units.
    function withdraw(address recipient, uint256 amount) external;

    /// @notice Takes out of a frozen venue what no account claims, once. Only the governor.
    /// @dev It needs no reserve: all accounts are counted, and what they claim stays.
    /// @param recipient Who is paid.
    function withdrawResidual(address recipient) external;

    /// @notice Replaces the loss cap of a market. Only the governor.
    /// @dev Emits `LossCapChanged`.
    /// @param market The market.
    /// @param cap Quote units.
    function setLossCap(MarketId market, uint96 cap) external;

    /// @notice Replaces the reserve. Only the governor.
    /// @dev Emits `ReserveChanged`.
    /// @param reserve_ Quote units.
    function setReserve(uint256 reserve_) external;

    /// @notice What the fund can pay for a market now: what it can spare, but no more than the loss cap leaves.
    /// @param market The market.
    function capacity(MarketId market) external view returns (uint256);

    /// @notice What the loss cap of a market leaves: cap − paid lately + min(0, value of the fund's position there). Negative when
    /// the fund's own position has lost more.
    /// @param market The market.
    function lossLeft(MarketId market) external view returns (int256);

    /// @notice What the fund can spare: collateral and losses of its positions less their initial margin.
    function spare() external view returns (int256);

    /// @notice Markets in which the fund has a position, ascending.
    function openMarkets() external view returns (MarketId[] memory);

    /// @notice The loss cap of a market.
    /// @param market The market.
    function lossCap(MarketId market) external view returns (uint96);

    /// @notice The books of a market as stored: `zero 32 · paid at 32 · paid 96 · cap 96`.
    /// @param market The market.
    function lossWord(MarketId market) external view returns (uint256);

    /// @notice What withdrawals must leave, quote units.
    function reserve() external view returns (uint256);

    /// @notice Seconds over which a payment is forgotten.
    function WINDOW() external view returns (uint256);

    /// @notice The contract that keeps the fund's account.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice What pays the fund out of a frozen venue.
    function HATCH() external view returns (IEscapeHatch);

    /// @notice Who may ask for cover.
    function LIQUIDATIONS() external view returns (address);
}
