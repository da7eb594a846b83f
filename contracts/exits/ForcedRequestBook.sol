// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ForcedRequest, RequestStatus} from "../types/ForcedRequest.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {Words} from "../libraries/Words.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {RequestFees} from "./RequestFees.sol";
import {SignedRequests} from "./SignedRequests.sol";

/// @notice Forced requests: filed by owners, taken back or served, and who has the fee.
abstract contract ForcedRequestBook is SignedRequests, RequestFees {
    using Words for IMarketWords;

    uint256 private constant MIN_WINDOW = 1 minutes;
    // A day short of the guardian's rest: between two pauses there is time for any close to be served, and to freeze if it was not.
    uint256 private constant MAX_WINDOW = 6 days;

    /// @inheritdoc IExitDesk
    uint32 public immutable WINDOW;

    mapping(uint256 => ForcedRequest) internal _requests;

    constructor(uint32 window) {
        if (window < MIN_WINDOW || window > MAX_WINDOW) revert Desk_WindowOutOfBounds(window, MIN_WINDOW, MAX_WINDOW);
        WINDOW = window;
    }

    /// @inheritdoc IExitDesk
    function drop(uint256 request) external {
        ForcedRequest memory asked = _pending(request);
        _checkOwner(asked.account);
        // Whoever changes his mind leaves the fee to the operator, who may have begun to serve him. A withdrawal that is overdue is
        // nobody's fault: he could have executed it himself.
        address operator = _words().tally().operator();
        _requests[request].status = RequestStatus.Dropped;
        if (asked.isClose()) _pay(request, asked, operator, asked.fee);
        else _credit(request, asked, operator == address(0) ? msg.sender : operator, asked.fee);
        emit RequestDropped(request, asked.account);
    }

    /// @inheritdoc IExitDesk
    function requestOf(uint256 request) external view returns (ForcedRequest memory) {
        return _requests[request];
    }

    /// @dev Writes a request down, once it is paid for.
    function _file(AccountId account, MarketId market, uint32 mark) internal returns (uint256 request) {
        if (_words().tally().isFrozen()) revert Desk_Frozen();
        uint96 fee;
        (request, fee) = _charge();
        _requests[request] = ForcedRequest(account, market, RequestStatus.Pending, uint32(block.timestamp), mark, fee);
    }

    /// @dev A request that was neither served nor taken back.
    function _pending(uint256 request) internal view returns (ForcedRequest memory asked) {
        asked = _requests[request];
        if (asked.status != RequestStatus.Pending) revert Request_NotPending(request, asked.status);
    }

    /// @dev As `_pending`, for whoever executes it: the operator at any time, others once its window is over.
    function _executable(uint256 request, bool close) internal view returns (ForcedRequest memory asked) {
        asked = _pending(request);
        if (asked.isClose() != close) revert Request_KindWrong(request);
        uint256 from = asked.openFrom(WINDOW);
        if (block.timestamp < from && msg.sender != _words().tally().operator()) revert Request_TooEarly(request, from);
    }

    /// @dev A request was served.
    /// @param by Who did.
    function _serve(uint256 request, ForcedRequest memory asked, address by) internal {
        _pay(request, asked, by, asked.fee);
        _requests[request].status = RequestStatus.Served;
        emit RequestServed(request, asked.account);
    }

    /// @dev Pays a part of the fee for a part of the work; too late, and in a frozen venue, to the owner.
    function _pay(uint256 request, ForcedRequest memory asked, address by, uint96 part) internal {
        bool returned = by == address(0) || asked.isOverdue(WINDOW);
        _credit(request, asked, returned ? POSITIONS.ownerOf(asked.account) : by, part);
    }

    function _credit(uint256 request, ForcedRequest memory asked, address to, uint96 part) private {
        if (part == 0) return;
        _requests[request].fee = asked.fee = asked.fee - part;
        creditOf[to] += part;
        emit FeePaid(request, to, part);
    }
}
