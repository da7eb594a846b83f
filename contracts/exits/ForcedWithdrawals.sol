// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ForcedPayment, ForcedRequest} from "../types/ForcedRequest.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {Quote} from "../types/Quantities.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {Words} from "../libraries/Words.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {ForcedRequestBook} from "./ForcedRequestBook.sol";

/// @notice Withdrawals that nobody can leave undone.
abstract contract ForcedWithdrawals is ForcedRequestBook {
    using Words for IMarketWords;

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
        uint56 amount = uint56(Math.min(payment.amount, uint256(spare)));
        ticket = POSITIONS.requestWithdrawal(asked.account, payment.recipient, amount, markets);
        emit WithdrawalExecuted(request, ticket, amount);
        _keepRest(request, asked, payment.amount - amount);
    }

    /// @inheritdoc IExitDesk
    function paymentOf(uint256 request) external view returns (ForcedPayment memory) {
        return _payments[request];
    }

    /// @dev What could not be spared stays asked for while there are positions to free it: nobody ends a request by executing it at
    /// the worst moment. The fee is paid for the first time.
    function _keepRest(uint256 request, ForcedRequest memory asked, uint56 rest) private {
        if (rest == 0 || _words().account(asked.account).openMarkets() == 0) return _serve(request, asked, msg.sender);
        _payments[request].amount = rest;
        _pay(request, asked, msg.sender, asked.fee);
    }
}
