// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ForcedPayment, ForcedRequest} from "../types/ForcedRequest.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {Quote} from "../types/Quantities.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {ForcedRequestBook} from "./ForcedRequestBook.sol";

/// @notice Withdrawals that nobody can leave undone.
abstract contract ForcedWithdrawals is ForcedRequestBook {
    mapping(uint256 => ForcedPayment) private _payments;

    /// @inheritdoc IExitDesk
    function forceWithdrawal(
        AccountId account,
        address recipient,
        uint256 amount
    ) external payable returns (uint256 request) {
        _checkOwner(account);
        if (recipient == address(0)) revert Desk_RecipientZero();
        if (amount == 0) revert Desk_AmountZero();
        request = _file(account, MarketId.wrap(0), 0);
        uint56 most = uint56(Math.min(amount, uint56(type(int56).max)));
        _payments[request] = ForcedPayment(recipient, most);
        emit WithdrawalForced(request, account, recipient, most);
    }

    /// @inheritdoc IExitDesk
    function executeWithdrawal(uint256 request, MarketId[] calldata markets) external returns (uint64 ticket) {
        ForcedRequest memory asked = _executable(request, false);
        ForcedPayment memory payment = _payments[request];
        int256 spare = Quote.unwrap(_weigh(asked.account, markets).spare);
        if (spare <= 0) revert Request_NothingToSpare(request, asked.account, spare);
        uint256 amount = Math.min(payment.amount, uint256(spare));
        _serve(request, asked, msg.sender);
        ticket = POSITIONS.requestWithdrawal(asked.account, payment.recipient, amount, markets);
        emit WithdrawalExecuted(request, ticket, amount);
    }

    /// @inheritdoc IExitDesk
    function paymentOf(uint256 request) external view returns (ForcedPayment memory) {
        return _payments[request];
    }
}
