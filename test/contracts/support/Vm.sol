// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The cheat codes that the tests here use, at the address that Hardhat and forge both serve.
interface Vm {
    function prank(address caller) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit() external;
    function assume(bool condition) external pure;
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

error NotEqual(string what, uint256 got, uint256 expected);

function assertEqual(uint256 got, uint256 expected, string memory what) pure {
    if (got != expected) revert NotEqual(what, got, expected);
}
