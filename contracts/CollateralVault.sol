// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICollateralVault} from "./interfaces/ICollateralVault.sol";
import {IWithdrawalQueue} from "./interfaces/IWithdrawalQueue.sol";

/// @title CollateralVault
/// @notice The only holder of tokens.
contract CollateralVault is ICollateralVault, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ICollateralVault
    /// @dev NOTE: nobody can set another's ticket aside by sending too little gas. A call keeps 1/64 of the gas, so a payment
    /// that needs `g <= PAYMENT_GAS` and was given less leaves below `PAYMENT_GAS / 63` < 4,800: not enough to set a ticket
    /// aside, and the whole transaction is undone.
    uint256 public constant PAYMENT_GAS = 300_000;

    /// @inheritdoc ICollateralVault
    IERC20 public immutable TOKEN;

    /// @inheritdoc ICollateralVault
    address public immutable POSITIONS;

    /// @inheritdoc ICollateralVault
    IWithdrawalQueue public immutable QUEUE;

    /// @inheritdoc ICollateralVault
    address public immutable HATCH;

    /// @inheritdoc ICollateralVault
    uint256 public booked;

    modifier onlyPositions() {
        require(msg.sender == POSITIONS, Vault_CallerNotPositions(msg.sender, POSITIONS));
        _;
    }

    /// @param token The collateral token.
    /// @param positions The contract that may take tokens; it may not exist yet.
    /// @param queue The queue of promised payments; it may not exist yet.
    /// @param hatch The contract that may pay out a frozen venue; it may not exist yet.
    constructor(IERC20 token, address positions, IWithdrawalQueue queue, address hatch) {
        bool named = address(token) != address(0) && positions != address(0) && address(queue) != address(0);
        require(named && hatch != address(0), Vault_AddressZero());
        (TOKEN, POSITIONS, QUEUE, HATCH) = (token, positions, queue, hatch);
    }

    /// @inheritdoc ICollateralVault
    function take(address payer, uint256 amount) external onlyPositions nonReentrant {
        require(amount != 0, Vault_AmountZero());
        uint256 balance = TOKEN.balanceOf(address(this));
        require(balance >= booked, Vault_BalanceBelowBooked(balance, booked));

        booked += amount;
        emit CollateralTaken(payer, amount);

        TOKEN.safeTransferFrom(payer, address(this), amount);
        uint256 received = Math.saturatingSub(TOKEN.balanceOf(address(this)), balance);
        require(received == amount, Vault_AmountNotReceived(amount, received));
    }

    /// @inheritdoc ICollateralVault
    function payShare(address recipient, uint256 amount) external nonReentrant {
        require(msg.sender == HATCH, Vault_CallerNotHatch(msg.sender, HATCH));
        _checkRecipient(recipient);
        booked -= amount;
        emit SharePaid(recipient, amount);
        TOKEN.safeTransfer(recipient, amount);
    }

    /// @inheritdoc ICollateralVault
    function release(uint256 max) external nonReentrant returns (uint256 paid) {
        for (uint256 i; i < max; ++i) {
            (uint64 ticket, address recipient, uint256 amount) = QUEUE.pop(booked);
            if (ticket == 0) break;
            if (_tryPay(ticket, recipient, amount)) {
                paid += amount;
            } else {
                emit PaymentFailed(ticket, recipient, QUEUE.setAside(ticket, amount, booked));
            }
        }
    }

    /// @inheritdoc ICollateralVault
    function claim(uint64 ticket) external nonReentrant {
        (address recipient, uint256 amount) = QUEUE.settleAside(ticket);
        require(_tryPay(ticket, recipient, amount), Vault_PaymentFailed(recipient, amount));
    }

    /// @inheritdoc ICollateralVault
    function claimTo(uint64 ticket, address to) external nonReentrant {
        _checkRecipient(to);
        (address recipient, uint256 amount) = QUEUE.settleAside(ticket);
        require(msg.sender == recipient, Vault_CallerNotRecipient(ticket, msg.sender, recipient));
        require(_tryPay(ticket, to, amount), Vault_PaymentFailed(to, amount));
    }

    /// @inheritdoc ICollateralVault
    /// @dev The guard is held by the caller, which is the vault.
    function pay(address recipient, uint256 amount) external {
        require(msg.sender == address(this), Vault_CallerNotVault(msg.sender));
        uint256 balance = TOKEN.balanceOf(address(this));
        require(TOKEN.trySafeTransfer(recipient, amount), Vault_PaymentFailed(recipient, amount));
        uint256 left = TOKEN.balanceOf(address(this));
        require(left < balance && balance - left <= amount, Vault_PaymentFailed(recipient, amount));
    }

    /// @dev Pays and books it, or changes nothing. The token's answer is not read, so it may be as long as it likes.
    function _tryPay(uint64 ticket, address recipient, uint256 amount) private returns (bool) {
        // More than the vault holds: what is owed waits, and does not hold up what can be paid.
        if (amount > booked) return false;
        booked -= amount;
        try this.pay{gas: PAYMENT_GAS}(recipient, amount) {
            emit TicketPaid(ticket, recipient, amount);
            return true;
        } catch {
            booked += amount;
            return false;
        }
    }

    function _checkRecipient(address recipient) private view {
        require(recipient != address(0) && recipient != address(this), Vault_RecipientRefused(recipient));
    }
}
