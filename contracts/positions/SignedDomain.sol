// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The EIP-712 domain of the signed types: `EIP712Domain(string name,string version,uint256 chainId,address
/// verifyingContract)` with name "Penstock" and version "1".
/// @dev The separator is kept for the chain of the deployment and worked out anew on any other, as after a fork.
abstract contract SignedDomain {
    bytes32 private constant TYPE_HASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME_HASH = keccak256("Penstock");
    bytes32 private constant VERSION_HASH = keccak256("1");

    uint256 private immutable CHAIN_ID = block.chainid;
    bytes32 private immutable SEPARATOR = _separator();

    /// @dev The separator in force.
    function _domainSeparator() internal view returns (bytes32) {
        return block.chainid == CHAIN_ID ? SEPARATOR : _separator();
    }

    function _separator() private view returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }
}
