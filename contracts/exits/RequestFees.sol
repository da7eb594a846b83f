// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestPricing} from "../libraries/RequestPricing.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";

/// @notice Fees of forced requests: how high they are, and who has them. All ether of the contract is a credit of somebody or
/// the fee of a request that is pending.
abstract contract RequestFees is IExitDesk {
    /// @dev How many requests there were, and the pressure as of a second; one word.
    struct Traffic {
        uint64 count;
        uint32 seenAt;
        uint160 pressure;
    }

    uint256 private constant MAX_FEE = 1 ether;

    /// @inheritdoc IExitDesk
    uint256 public immutable BASE_FEE;

    /// @inheritdoc IExitDesk
    uint256 public immutable FEE_CAP;

    /// @inheritdoc IExitDesk
    mapping(address => uint256) public creditOf;

    Traffic private _traffic;

    constructor(uint256 baseFee, uint256 feeCap) {
        if (baseFee == 0 || feeCap < baseFee || feeCap > MAX_FEE) revert Desk_FeeOutOfBounds(baseFee, feeCap, MAX_FEE);
        (BASE_FEE, FEE_CAP) = (baseFee, feeCap);
    }

    /// @inheritdoc IExitDesk
    function collect(address payable recipient) external returns (uint256 amount) {
        amount = creditOf[msg.sender];
        if (amount == 0) revert Desk_NothingToCollect(msg.sender);
        creditOf[msg.sender] = 0;
        emit Collected(msg.sender, recipient, amount);
        // NOTE: nothing is read or written after it, whatever the recipient does meanwhile.
        (bool paid, ) = recipient.call{value: amount}("");
        if (!paid) revert Desk_PaymentFailed(recipient, amount);
    }

    /// @inheritdoc IExitDesk
    function requestCount() external view returns (uint256) {
        return _traffic.count;
    }

    /// @inheritdoc IExitDesk
    function pressure() external view returns (uint256) {
        return _pressure(_traffic);
    }

    /// @inheritdoc IExitDesk
    function requestFee() external view returns (uint256) {
        return RequestPricing.fee(BASE_FEE, FEE_CAP, _pressure(_traffic));
    }

    /// @dev Takes the fee of a request out of what was sent, credits the rest, and numbers the request.
    function _charge() internal returns (uint256 request, uint96 fee) {
        Traffic memory traffic = _traffic;
        uint256 before = _pressure(traffic);
        fee = uint96(RequestPricing.fee(BASE_FEE, FEE_CAP, before));
        if (msg.value < fee) revert Desk_FeeTooLow(msg.value, fee);
        if (msg.value > fee) creditOf[msg.sender] += msg.value - fee;
        request = traffic.count + 1;
        _traffic = Traffic(uint64(request), uint32(block.timestamp), uint160(before + RequestPricing.ONE));
    }

    function _pressure(Traffic memory traffic) private view returns (uint256) {
        return RequestPricing.decayed(traffic.pressure, block.timestamp - traffic.seenAt);
    }
}
