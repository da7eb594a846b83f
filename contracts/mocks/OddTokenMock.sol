// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title OddTokenMock
/// @notice A token with every bad habit that a vault can meet, each switched on by itself.
contract OddTokenMock {
    /// What `transfer` and `transferFrom` answer.
    enum Answer {
        True,
        Nothing,
        False,
        Bomb
    }

    uint256 private constant ONE = 1e18;
    uint256 private constant BOMB_BYTES = 60_000;

    /// @notice Balance units per share, times 10^18; lower it to rebase down.
    uint256 public rate = ONE;

    /// @notice What the recipient of a transfer loses, in basis points.
    uint256 public feeBps;

    /// @notice What the sender of a transfer pays on top.
    uint256 public surcharge;

    /// @notice What transfers answer; `Bomb` reverts with a very long answer.
    Answer public answer;

    /// @notice Whether transfers do nothing and still answer.
    bool public idle;

    /// @notice Whether transfers revert.
    bool public paused;

    mapping(address holder => uint256) public sharesOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    mapping(address holder => bool) public blocked;

    /// @notice Whether a transfer to somebody burns all its gas.
    mapping(address holder => bool) public burnsGas;

    address private _target;
    bytes private _data;

    /// @notice Whether the last call of the hook succeeded, and what it answered.
    bool public hookSucceeded;
    bytes public hookAnswer;

    error Blocked(address holder);
    error Paused();

    event Approval(address indexed holder, address indexed spender, uint256 amount);
    event Transfer(address indexed from, address indexed to, uint256 amount);

    function mint(address to, uint256 amount) external {
        sharesOf[to] += _shares(amount);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return _answer();
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return _answer();
    }

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function setFees(uint256 feeBps_, uint256 surcharge_) external {
        (feeBps, surcharge) = (feeBps_, surcharge_);
    }

    function setAnswer(Answer answer_) external {
        answer = answer_;
    }

    function setIdle(bool idle_) external {
        idle = idle_;
    }

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function setBlocked(address holder, bool blocked_) external {
        blocked[holder] = blocked_;
    }

    function setBurnsGas(address holder, bool burnsGas_) external {
        burnsGas[holder] = burnsGas_;
    }

    /// @notice Has every transfer call `target` with `data` before it moves anything.
    function setHook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function balanceOf(address holder) public view returns (uint256) {
        return Math.mulDiv(sharesOf[holder], rate, ONE);
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function _move(address from, address to, uint256 amount) private {
        if (paused) revert Paused();
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        while (burnsGas[to]) {}
        if (_target != address(0)) (hookSucceeded, hookAnswer) = _target.call(_data);
        if (answer == Answer.Bomb) _bomb();
        if (idle || answer == Answer.False) return;
        sharesOf[from] -= _shares(amount + surcharge);
        sharesOf[to] += _shares(amount - (amount * feeBps) / 10_000);
        emit Transfer(from, to, amount);
    }

    function _shares(uint256 amount) private view returns (uint256) {
        return Math.mulDiv(amount, ONE, rate);
    }

    function _answer() private view returns (bool) {
        if (answer != Answer.Nothing) return answer == Answer.True;
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    function _bomb() private pure {
        assembly ("memory-safe") {
            revert(0, BOMB_BYTES)
        }
    }
}
