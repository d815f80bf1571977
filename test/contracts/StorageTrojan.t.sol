// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StorageTrojan} from "../../contracts/mocks/StorageTrojan.sol";
import {assertEqual} from "./support/Vm.sol";

/// @dev Stands where a Safe proxy stands: slot 0 is the implementation.
contract Victim {
    address public singleton = address(0x5AFE);
    uint256 public second = 42;

    function run(address target, bytes calldata data) external {
        (bool success, ) = target.delegatecall(data);
        require(success, "delegatecall failed");
    }
}

contract StorageTrojanTest {
    StorageTrojan private _trojan;
    Victim private _victim;

    function setUp() public {
        _trojan = new StorageTrojan();
        _victim = new Victim();
    }

    function testHasTheSelectorOfAnErc20Transfer() public pure {
        assertEqual(uint32(StorageTrojan.transfer.selector), 0xa9059cbb, "selector");
    }

    function testFuzzDelegatecallReplacesTheImplementation(address implementation, uint256 amount) public {
        _victim.run(address(_trojan), abi.encodeCall(StorageTrojan.transfer, (implementation, amount)));
        assertEqual(uint160(_victim.singleton()), uint160(implementation), "slot 0");
        assertEqual(_victim.second(), 42, "slot 1");
    }

    function testFuzzPlainCallLeavesTheCallerAlone(address implementation, uint256 amount) public {
        _trojan.transfer(implementation, amount);
        assertEqual(uint160(_victim.singleton()), uint160(address(0x5AFE)), "slot 0");
    }
}
