// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFundingIndex} from "./interfaces/IFundingIndex.sol";
import {IInsuranceFund} from "./interfaces/IInsuranceFund.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";
import {IPositionLens} from "./interfaces/IPositionLens.sol";
import {ForcedCloses} from "./exits/ForcedCloses.sol";
import {ForcedRequestBook} from "./exits/ForcedRequestBook.sol";
import {ForcedWithdrawals} from "./exits/ForcedWithdrawals.sol";
import {RequestFees} from "./exits/RequestFees.sol";
import {Weighing} from "./exits/Weighing.sol";

/// @title ExitDesk
/// @notice Exits that somebody else carries: signed requests, forced withdrawals and forced closes; see `IExitDesk`.
contract ExitDesk is ForcedWithdrawals, ForcedCloses {
    /// @param positions The contract whose accounts leave.
    /// @param index Its funding index.
    /// @param fund The insurance fund.
    /// @param lens How an account is weighed whose markets nobody names.
    /// @param window Seconds in which the operator may serve a forced request before anybody may.
    /// @param baseFee What a forced request costs at least, in wei.
    /// @param feeCap What it costs at most.
    constructor(
        IPerpPositions positions,
        IFundingIndex index,
        IInsuranceFund fund,
        IPositionLens lens,
        uint32 window,
        uint256 baseFee,
        uint256 feeCap
    ) Weighing(positions, index) RequestFees(baseFee, feeCap) ForcedRequestBook(window) ForcedCloses(fund, lens) {}
}
