// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title FalseToken
/// @notice Reports failure by returning false instead of reverting. Moves nothing, ever.
contract FalseToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256 amount) public balanceOf;

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return false;
    }

    function approve(address, uint256) external pure returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return false;
    }
}

/// @title SilentToken
/// @notice Moves balances and returns nothing, as USDT does on Ethereum.
contract SilentToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256 amount) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    error SilentTokenBalance(address account, uint256 balance, uint256 needed);

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 amount) external {
        uint256 balance = balanceOf[msg.sender];
        if (balance < amount) revert SilentTokenBalance(msg.sender, balance, amount);
        balanceOf[msg.sender] = balance - amount;
        balanceOf[to] += amount;
        emit Transfer(msg.sender, to, amount);
    }
}

/// @title LyingToken
/// @notice Emits the Transfer event and returns true, and moves nothing: an event is no proof of payment.
contract LyingToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256 amount) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        emit Transfer(msg.sender, to, amount);
        return true;
    }
}

/// @title FeeToken
/// @notice Takes 1 % of every transfer, rounded down: the recipient gets less than the calldata says.
contract FeeToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256 amount) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    error FeeTokenBalance(address account, uint256 balance, uint256 needed);

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        uint256 balance = balanceOf[msg.sender];
        if (balance < amount) revert FeeTokenBalance(msg.sender, balance, amount);
        uint256 fee = amount / 100;
        balanceOf[msg.sender] = balance - amount;
        balanceOf[to] += amount - fee;
        balanceOf[address(this)] += fee;
        emit Transfer(msg.sender, to, amount - fee);
        emit Transfer(msg.sender, address(this), fee);
        return true;
    }
}
