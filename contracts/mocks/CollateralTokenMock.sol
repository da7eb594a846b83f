// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title CollateralTokenMock
/// @notice A dollar of 6 decimals with permit, which anyone may mint. For tests and local chains.
contract CollateralTokenMock is ERC20Permit {
    constructor() ERC20("Penstock test dollar", "tUSD") ERC20Permit("Penstock test dollar") {}

    /// @notice Mints tokens.
    /// @param to Who receives them.
    /// @param amount How many, in quote units.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice 6, as most dollars have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
