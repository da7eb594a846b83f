// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId, MarketId} from "../types/Ids.sol";
import {IFundingIndex} from "./IFundingIndex.sol";
import {IPerpPositions, Settings} from "./IPerpPositions.sol";

/// @notice An account as people read it; amounts in quote units, funding applied.
struct AccountView {
    address owner;
    address signer;
    uint32 nonce;
    uint32 epochFloor;
    uint8 openMarkets;
    int256 collateral;
    int256 equity;
    int256 initialMargin;
    int256 maintenanceMargin;
    // Equity above initial margin: what new positions may use; negative when there is too little.
    int256 freeCollateral;
    // What a withdrawal may take: as free collateral, but leaving out the profit of open positions.
    int256 withdrawable;
}

/// @notice A position as people read it; amounts in quote units.
struct PositionView {
    int256 size;
    // Cash flow of the position with fees and funding.
    int256 quote;
    // Funding received since the last touch, contained in `quote`; negative when paid.
    int256 funding;
    // `quote + size × mark × unit`: the profit when it is closed at the mark.
    int256 value;
    uint32 mark;
    // Mark at which the account falls below maintenance margin if only this market moves; 0 for never.
    uint32 liquidationPrice;
}

/// @notice How far settlement has come.
struct ProgressView {
    // Number of the next batch.
    uint40 number;
    // When a fill was settled last.
    uint32 settledAt;
    // Fees of all markets that await collection, quote units.
    uint256 fees;
}

/// @notice What can be said of an order's nonce.
enum NonceStatus {
    Live,
    Replaced,
    Cancelled,
    Spent
}

/// @title PositionLens
/// @notice Reads the words of `PerpPositions` and `FundingIndex` the way a person asks for them. It holds nothing and no
/// contract depends on it; a better one can be deployed beside it at any time.
interface IPositionLens {
    /// @notice Thrown when a constructor argument is the zero address.
    error Lens_AddressZero();

    /// @notice The contract that is read.
    function POSITIONS() external view returns (IPerpPositions);

    /// @notice Its funding index.
    function INDEX() external view returns (IFundingIndex);

    /// @notice How far settlement has come.
    function progress() external view returns (ProgressView memory);

    /// @notice The rules in force.
    function settings() external view returns (Settings memory);

    /// @notice The stored word of settlement: number of the next batch, when a fill was settled last, and the rules that every
    /// batch needs.
    function tallyWord() external view returns (uint256);

    /// @notice The stored word of the other rules.
    function rulesWord() external view returns (uint256);

    /// @notice The stored word of a market, without funding that is due; zero for one that is not listed.
    /// @param market The market.
    function marketWord(MarketId market) external view returns (uint256);

    /// @notice The stored premium samples, open interest and fees of a market.
    /// @param market The market.
    function activityWord(MarketId market) external view returns (uint256);

    /// @notice The stored word of an account.
    /// @param account The account.
    function accountWord(AccountId account) external view returns (uint256);

    /// @notice The stored word of a position.
    /// @param account The account.
    /// @param market The market.
    function positionWord(AccountId account, MarketId market) external view returns (uint256);

    /// @notice The stored word with the given order slot and its three neighbours.
    /// @param account The account.
    /// @param slot Order slot.
    function slotsWord(AccountId account, uint8 slot) external view returns (uint256);

    /// @notice Highest epoch that `cancelAll` killed.
    /// @param account The account.
    function epochFloor(AccountId account) external view returns (uint256);

    /// @notice An account as people read it.
    /// @param account The account.
    function accountOf(AccountId account) external view returns (AccountView memory);

    /// @notice A position as people read it.
    /// @param account The account.
    /// @param market The market.
    function positionOf(AccountId account, MarketId market) external view returns (PositionView memory);

    /// @notice Markets in which the account has a position, ascending.
    /// @param account The account.
    function openMarketsOf(AccountId account) external view returns (MarketId[] memory markets);

    /// @notice State of a nonce.
    /// @param account The account.
    /// @param immediate Kind of the order.
    /// @param nonce Its nonce.
    /// @return status Live, or why it is dead.
    /// @return filled Lots filled of a resting order so far.
    function orderStatus(
        AccountId account,
        bool immediate,
        uint40 nonce
    ) external view returns (NonceStatus status, uint256 filled);
}
