// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketId} from "./Ids.sol";

/// @notice A withdrawal as the owner of an account signs it.
struct Withdrawal {
    /// The account to debit.
    uint32 account;
    /// Who is paid.
    address recipient;
    /// Quote units.
    uint256 amount;
    /// Any number that the owner has not used yet for this account; their order does not matter.
    uint64 nonce;
    /// Last second at which it may be carried.
    uint256 deadline;
}

/// @notice A signed withdrawal, and what its carrier adds.
struct SignedWithdrawal {
    Withdrawal withdrawal;
    /// Markets of the open positions, ascending; not signed, since they may change meanwhile.
    MarketId[] markets;
    /// 64 bytes (EIP-2098) or 65 of a key, or whatever the wallet that owns the account takes.
    bytes signature;
}
