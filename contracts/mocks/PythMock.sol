// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPyth, PythPrice} from "../interfaces/external/IPyth.sol";
import {Misbehaving} from "./Misbehaving.sol";

/// @title PythMock
/// @notice Pyth with prices that anyone may write, and which misbehaves when told to.
contract PythMock is IPyth, Misbehaving {
    mapping(bytes32 id => PythPrice) private _prices;

    /// @notice Thrown when a feed has no price, as Pyth does.
    error PriceFeedNotFound();

    /// @notice Writes the price that is answered from now on.
    function setPrice(bytes32 id, PythPrice calldata price) external {
        _prices[id] = price;
    }

    /// @inheritdoc IPyth
    function getPriceUnsafe(bytes32 id) external view returns (PythPrice memory price) {
        _misbehave();
        price = _prices[id];
        if (price.publishTime == 0) revert PriceFeedNotFound();
    }
}
