// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Obstacle} from "../types/Ticket.sol";

/// @notice When a ticket is paid at the latest, and what it waits for. Costs the same however long the line is.
/// @dev A time that is told is kept, if somebody releases at that time, for as long as no gate is shut and no terms get tighter.
/// Later tickets, claims, holds, deposits, and when others release, change nothing for the worse.
interface IOutflowForecast {
    /// @notice Who stands in line before a ticket.
    /// @param id Number of the ticket.
    /// @return tickets How many tickets are paid before it; 0 when it is not in line.
    /// @return amount How much is paid before it, in quote units; 0 when it is not in line.
    function aheadOf(uint64 id) external view returns (uint64 tickets, uint256 amount);

    /// @notice What of a ticket is not paid, in line or aside, in quote units.
    /// @param id Number of the ticket.
    function leftOf(uint64 id) external view returns (uint256);

    /// @notice The second by which a release pays all of a ticket; 0 when it is not in line.
    /// @param id Number of the ticket.
    function etaOf(uint64 id) external view returns (uint256);

    /// @notice The second by which a release would pay all of a ticket that was issued now; 0 when none can be.
    /// @param amount What would be paid, in quote units.
    function eta(uint256 amount) external view returns (uint256);

    /// @notice What keeps a ticket from being paid in full by the next release. `None` is certain; `Line` and `Bucket` hold by the
    /// time that `etaOf` tells.
    /// @param id Number of the ticket.
    function obstacleOf(uint64 id) external view returns (Obstacle);

    /// @notice The bucket.
    /// @return floor What may leave in a window whatever the vault holds, in quote units.
    /// @return shareBps What may leave beyond that, in basis points of what the vault has booked.
    /// @return window Length of a window in seconds.
    /// @return capacity What flows in per window, and the most that the bucket holds, in quote units.
    /// @return level What is in it now, if nobody is waiting, in quote units.
    function outflow()
        external
        view
        returns (uint256 floor, uint256 shareBps, uint256 window, uint256 capacity, uint256 level);
}
