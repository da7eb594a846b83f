// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {AccountId, MarketId} from "../types/Ids.sol";
import {SignedWithdrawal, Withdrawal} from "../types/Withdrawal.sol";
import {WithdrawalHashing} from "../libraries/WithdrawalHashing.sol";
import {IExitDesk} from "../interfaces/IExitDesk.sol";
import {SignedDomain} from "../positions/SignedDomain.sol";
import {Weighing} from "./Weighing.sol";

/// @notice Withdrawals that owners signed and somebody else carries.
abstract contract SignedRequests is Weighing, SignedDomain {
    /// @dev Enough for a wallet's own check and positions in 16 markets with funding due in each; what needs more goes alone.
    uint256 private constant CARRY_GAS = 2_000_000;

    /// @dev Used nonces of an account, 256 a word.
    mapping(AccountId => mapping(uint256 => uint256)) private _used;

    /// @inheritdoc IExitDesk
    function request(
        Withdrawal calldata withdrawal,
        MarketId[] calldata markets,
        bytes calldata signature
    ) external returns (uint64 ticket) {
        AccountId account = AccountId.wrap(withdrawal.account);
        if (block.timestamp > withdrawal.deadline) {
            revert Request_Expired(account, withdrawal.nonce, withdrawal.deadline);
        }
        _checkSignature(account, withdrawal, signature);
        _use(account, withdrawal.nonce);
        // Unlike a forced one it is judged by fresh marks, as if the owner asked.
        _checkFresh(_weigh(account, markets));
        ticket = POSITIONS.requestWithdrawal(account, withdrawal.recipient, withdrawal.amount, markets);
        emit RequestCarried(account, withdrawal.nonce, ticket);
    }

    /// @inheritdoc IExitDesk
    function carry(SignedWithdrawal[] calldata page) external {
        for (uint256 i; i < page.length; ++i) {
            Withdrawal calldata withdrawal = page[i].withdrawal;
            bytes memory call = abi.encodeCall(this.request, (withdrawal, page[i].markets, page[i].signature));
            // NOTE: to itself, so that what one has done half is undone; with a bound, so that no wallet burns the page.
            (bool done, bytes memory reason) = address(this).call{gas: CARRY_GAS}(call);
            if (!done) emit RequestSkipped(AccountId.wrap(withdrawal.account), withdrawal.nonce, reason);
        }
    }

    /// @inheritdoc IExitDesk
    function revoke(AccountId account, uint64 nonce) external {
        _checkOwner(account);
        _use(account, nonce);
        emit RequestRevoked(account, nonce);
    }

    /// @inheritdoc IExitDesk
    function isUsed(AccountId account, uint64 nonce) external view returns (bool) {
        return (_used[account][nonce >> 8] >> (nonce & 0xff)) & 1 == 1;
    }

    /// @inheritdoc IExitDesk
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparator();
    }

    function _checkOwner(AccountId account) internal view {
        address owner = POSITIONS.ownerOf(account);
        // The venue's own account leaves by its governor alone.
        if (account == AccountId.wrap(0) || owner == address(0)) revert Desk_AccountRefused(account);
        if (msg.sender != owner) revert Desk_CallerNotOwner(account, msg.sender, owner);
    }

    function _checkSignature(AccountId account, Withdrawal calldata withdrawal, bytes calldata signature) private view {
        address owner = POSITIONS.ownerOf(account);
        if (account == AccountId.wrap(0) || owner == address(0)) revert Desk_AccountRefused(account);
        bytes32 digest = WithdrawalHashing.digest(_domainSeparator(), withdrawal);
        if (!_isSigned(owner, digest, signature)) revert Request_SignatureWrong(account, withdrawal.nonce, owner);
    }

    /// @dev A compact signature has 64 bytes, which the checker does not know.
    function _isSigned(address owner, bytes32 digest, bytes calldata signature) private view returns (bool) {
        if (signature.length != 64 || owner.code.length != 0) {
            return SignatureChecker.isValidSignatureNowCalldata(owner, digest, signature);
        }
        (address signer, , ) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        return signer == owner;
    }

    function _use(AccountId account, uint64 nonce) private {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 word = _used[account][nonce >> 8];
        if (word & bit != 0) revert Request_NonceUsed(account, nonce);
        _used[account][nonce >> 8] = word | bit;
    }
}
