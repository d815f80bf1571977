// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {assertEqual, vm} from "./support/Vm.sol";

contract TestTokenTest {
    TestToken private _token;
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    event Transfer(address indexed from, address indexed to, uint256 amount);

    function setUp() public {
        _token = new TestToken();
        _token.mint(ALICE, 12_500e6);
    }

    function testHasSixDecimalsAndTheSymbolOfUsdc() public view {
        assertEqual(_token.decimals(), 6, "decimals");
        assertEqual(uint256(keccak256(bytes(_token.symbol()))), uint256(keccak256("USDC")), "symbol");
    }

    function testTransferEmitsWhatItMoved() public {
        vm.expectEmit();
        emit Transfer(ALICE, BOB, 1e6);
        vm.prank(ALICE);
        _token.transfer(BOB, 1e6);
    }

    function testMintByAnybodyElseReverts() public {
        vm.expectRevert(abi.encodeWithSelector(TestToken.TestTokenNotMinter.selector, BOB));
        vm.prank(BOB);
        _token.mint(BOB, 1);
    }

    function testMintToTheZeroAddressReverts() public {
        vm.expectRevert(abi.encodeWithSelector(TestToken.TestTokenZeroAddress.selector));
        _token.mint(address(0), 1);
    }

    function testFuzzMintRaisesBalanceAndSupplyAlike(address to, uint128 amount) public {
        vm.assume(to != address(0) && to != ALICE);
        _token.mint(to, amount);
        assertEqual(_token.balanceOf(to), amount, "balance");
        assertEqual(_token.totalSupply(), 12_500e6 + uint256(amount), "supply");
    }

    function testFuzzTransferMovesExactlyTheAmount(address to, uint256 amount) public {
        vm.assume(to != address(0) && to != ALICE);
        amount %= 12_500e6 + 1;
        vm.prank(ALICE);
        require(_token.transfer(to, amount), "returned false");
        assertEqual(_token.balanceOf(to), amount, "recipient");
        assertEqual(_token.balanceOf(ALICE), 12_500e6 - amount, "sender");
        assertEqual(_token.totalSupply(), 12_500e6, "supply");
    }

    function testFuzzTransferToOneselfChangesNothing(uint256 amount) public {
        amount %= 12_500e6 + 1;
        vm.prank(ALICE);
        _token.transfer(ALICE, amount);
        assertEqual(_token.balanceOf(ALICE), 12_500e6, "balance");
    }

    function testFuzzTransferAboveTheBalanceReverts(uint256 amount) public {
        vm.assume(amount > 12_500e6);
        vm.expectRevert(abi.encodeWithSelector(TestToken.TestTokenBalance.selector, ALICE, uint256(12_500e6), amount));
        vm.prank(ALICE);
        _token.transfer(BOB, amount);
    }

    function testTransferToTheZeroAddressReverts() public {
        vm.expectRevert(abi.encodeWithSelector(TestToken.TestTokenZeroAddress.selector));
        vm.prank(ALICE);
        _token.transfer(address(0), 1);
    }

    function testFuzzTransferFromSpendsTheAllowance(uint256 allowed, uint256 amount) public {
        allowed %= 12_500e6 + 1;
        amount = allowed == 0 ? 0 : amount % (allowed + 1);
        vm.prank(ALICE);
        _token.approve(address(this), allowed);
        _token.transferFrom(ALICE, BOB, amount);
        assertEqual(_token.allowance(ALICE, address(this)), allowed - amount, "allowance");
        assertEqual(_token.balanceOf(BOB), amount, "recipient");
    }

    function testUnlimitedAllowanceIsNotSpentDown() public {
        vm.prank(ALICE);
        _token.approve(address(this), type(uint256).max);
        _token.transferFrom(ALICE, BOB, 12_500e6);
        assertEqual(_token.allowance(ALICE, address(this)), type(uint256).max, "allowance");
    }

    function testFuzzTransferFromAboveTheAllowanceReverts(uint256 allowed, uint256 amount) public {
        allowed %= 12_500e6;
        vm.assume(amount > allowed);
        vm.prank(ALICE);
        _token.approve(address(this), allowed);
        vm.expectRevert(abi.encodeWithSelector(TestToken.TestTokenAllowance.selector, address(this), allowed, amount));
        _token.transferFrom(ALICE, BOB, amount);
    }
}
