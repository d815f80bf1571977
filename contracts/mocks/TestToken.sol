// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title TestToken
/// @notice A plain ERC-20 with 6 decimals that stands in for USDC on local chains. Worth nothing, anywhere.
/// @dev Only the deployer mints. Follows ERC-20: failures revert, every transfer returns true.
/// @custom:security-contact see SECURITY.md
contract TestToken {
    string public constant name = "USD Coin (test)";
    string public constant symbol = "USDC";
    /// @notice One token is 10^6 base units; every amount here is in base units.
    uint8 public constant decimals = 6;

    /// @notice The only account that may mint.
    address public immutable minter;

    uint256 public totalSupply;
    mapping(address account => uint256 amount) public balanceOf;
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    error TestTokenNotMinter(address caller);
    error TestTokenZeroAddress();
    error TestTokenBalance(address account, uint256 balance, uint256 needed);
    error TestTokenAllowance(address spender, uint256 allowance, uint256 needed);

    constructor() {
        minter = msg.sender;
    }

    /// @notice Creates `amount` base units for `to`. Only the deployer may call.
    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert TestTokenNotMinter(msg.sender);
        if (to == address(0)) revert TestTokenZeroAddress();
        // Checked on purpose: no balance can exceed the supply, so the addition below it cannot overflow.
        totalSupply += amount;
        unchecked {
            balanceOf[to] += amount;
        }
        emit Transfer(address(0), to, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _transfer(msg.sender, to, amount);
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        if (spender == address(0)) revert TestTokenZeroAddress();
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    /// @dev An allowance of 2^256 - 1 is not spent down, as most tokens in use do it.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < amount) revert TestTokenAllowance(msg.sender, allowed, amount);
            unchecked {
                allowance[from][msg.sender] = allowed - amount;
            }
        }
        _transfer(from, to, amount);
        return true;
    }

    function _transfer(address from, address to, uint256 amount) private {
        if (to == address(0)) revert TestTokenZeroAddress();
        uint256 balance = balanceOf[from];
        if (balance < amount) revert TestTokenBalance(from, balance, amount);
        unchecked {
            balanceOf[from] = balance - amount;
            balanceOf[to] += amount;
        }
        emit Transfer(from, to, amount);
    }
}
