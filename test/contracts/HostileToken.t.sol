// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FalseToken, FeeToken, LyingToken, SilentToken} from "../../contracts/mocks/HostileToken.sol";
import {assertEqual, vm} from "./support/Vm.sol";

/// @dev Holds each double to the one defect it stands for: a double that behaves would make other tests vain.
contract HostileTokenTest {
    address private constant BOB = address(0xB0B);
    uint256 private constant SUPPLY = 1_000_000e6;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    function testFuzzFalseTokenReturnsFalseAndMovesNothing(uint256 amount) public {
        FalseToken token = new FalseToken(SUPPLY);
        (bool success, bytes memory result) = address(token).call(abi.encodeCall(FalseToken.transfer, (BOB, amount)));
        require(success, "reverted");
        require(!abi.decode(result, (bool)), "returned true");
        assertEqual(token.balanceOf(BOB), 0, "recipient");
        assertEqual(token.balanceOf(address(this)), SUPPLY, "sender");
    }

    function testFuzzSilentTokenMovesAndReturnsNothing(uint256 amount) public {
        amount %= SUPPLY + 1;
        SilentToken token = new SilentToken(SUPPLY);
        (bool success, bytes memory result) = address(token).call(abi.encodeCall(SilentToken.transfer, (BOB, amount)));
        require(success, "reverted");
        assertEqual(result.length, 0, "returned bytes");
        assertEqual(token.balanceOf(BOB), amount, "recipient");
    }

    function testFuzzLyingTokenEmitsAndMovesNothing(uint256 amount) public {
        LyingToken token = new LyingToken(SUPPLY);
        vm.expectEmit();
        emit Transfer(address(this), BOB, amount);
        require(token.transfer(BOB, amount), "returned false");
        assertEqual(token.balanceOf(BOB), 0, "recipient");
        assertEqual(token.balanceOf(address(this)), SUPPLY, "sender");
    }

    function testFuzzFeeTokenDeliversLessThanTheCalldataSays(uint256 amount) public {
        amount = 100 + (amount % (SUPPLY - 99));
        FeeToken token = new FeeToken(SUPPLY);
        token.transfer(BOB, amount);
        assertEqual(token.balanceOf(BOB), amount - amount / 100, "recipient");
        require(token.balanceOf(BOB) < amount, "no fee taken");
        assertEqual(
            token.balanceOf(BOB) + token.balanceOf(address(token)) + token.balanceOf(address(this)),
            SUPPLY,
            "sum"
        );
    }
}
