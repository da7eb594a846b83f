// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {AccountId, MarketId} from "./types/Ids.sol";
import {MarketWord} from "./types/MarketWord.sol";
import {PositionWord} from "./types/PositionWord.sol";
import {Quote} from "./types/Quantities.sol";
import {Margin} from "./libraries/Margin.sol";
import {Words} from "./libraries/Words.sol";
import {Governed} from "./governance/Governed.sol";
import {IEscapeHatch} from "./interfaces/IEscapeHatch.sol";
import {IInsuranceFund} from "./interfaces/IInsuranceFund.sol";
import {IMarketWords} from "./interfaces/IMarketWords.sol";
import {IPerpPositions} from "./interfaces/IPerpPositions.sol";
import {IPositionLens} from "./interfaces/IPositionLens.sol";

/// @title InsuranceFund
/// @notice Owns account 0 and bears what others cannot, market by market up to a cap; see `IInsuranceFund`.
contract InsuranceFund is IInsuranceFund, Governed {
    using Words for IMarketWords;

    /// @dev Cap of a market, and what was paid for it as of a second; one word.
    struct Loss {
        uint96 cap;
        uint96 paid;
        uint32 paidAt;
    }

    /// @inheritdoc IInsuranceFund
    uint256 public constant WINDOW = 1 days;

    AccountId private constant SELF = AccountId.wrap(0);

    /// @inheritdoc IInsuranceFund
    IPerpPositions public immutable POSITIONS;

    /// @inheritdoc IInsuranceFund
    address public immutable LIQUIDATIONS;

    /// @notice How the fund sees its account.
    IPositionLens public immutable LENS;

    /// @inheritdoc IInsuranceFund
    IEscapeHatch public immutable HATCH;

    /// @inheritdoc IInsuranceFund
    uint256 public reserve;

    mapping(MarketId => Loss) private _losses;

    /// @param positions The contract that keeps its account.
    /// @param liquidations Who may ask for cover.
    /// @param lens The lens of `positions`.
    /// @param hatch What pays the fund out of a frozen venue.
    /// @param manager Says who may set caps and reserve, and withdraw.
    constructor(
        IPerpPositions positions,
        address liquidations,
        IPositionLens lens,
        IEscapeHatch hatch,
        address manager
    ) Governed(manager) {
        bool named = address(positions) != address(0) && liquidations != address(0) && address(lens) != address(0);
        if (!named || address(hatch) == address(0)) revert Fund_AddressZero();
        (POSITIONS, LIQUIDATIONS, LENS, HATCH) = (positions, liquidations, lens, hatch);
    }

    /// @inheritdoc IInsuranceFund
    function cover(AccountId account, MarketId[] calldata markets, uint256[] calldata amounts) external {
        if (msg.sender != LIQUIDATIONS) revert Fund_CallerNotLiquidations(msg.sender, LIQUIDATIONS);
        uint256 sum;
        for (uint256 i; i < markets.length; ++i) {
            if (amounts[i] == 0) continue;
            _count(markets[i], amounts[i]);
            sum += amounts[i];
            emit ShortfallCovered(account, markets[i], amounts[i]);
        }
        if (sum != 0) POSITIONS.transfer(SELF, account, sum, openMarkets());
    }

    /// @inheritdoc IInsuranceFund
    function withdraw(address recipient, uint256 amount) external restricted {
        int256 left = spare();
        if (left < int256(amount) + int256(reserve)) revert Fund_ReserveNotLeft(amount, left, reserve);
        POSITIONS.requestWithdrawal(SELF, recipient, amount, openMarkets());
    }

    /// @inheritdoc IInsuranceFund
    function withdrawResidual(address recipient) external restricted {
        HATCH.payResidual(recipient);
    }

    /// @inheritdoc IInsuranceFund
    function setLossCap(MarketId market, uint96 cap) external restricted {
        _losses[market].cap = cap;
        emit LossCapChanged(market, cap);
    }

    /// @inheritdoc IInsuranceFund
    function setReserve(uint256 reserve_) external restricted {
        reserve = reserve_;
        emit ReserveChanged(reserve_);
    }

    /// @inheritdoc IInsuranceFund
    function capacity(MarketId market) external view returns (uint256) {
        int256 least = SignedMath.min(spare(), lossLeft(market));
        return least > 0 ? uint256(least) : 0;
    }

    /// @inheritdoc IInsuranceFund
    function lossCap(MarketId market) external view returns (uint96) {
        return _losses[market].cap;
    }

    /// @inheritdoc IInsuranceFund
    function lossWord(MarketId market) external view returns (uint256) {
        Loss memory loss = _losses[market];
        return (uint256(loss.paidAt) << 192) | (uint256(loss.paid) << 96) | loss.cap;
    }

    /// @inheritdoc IInsuranceFund
    function lossLeft(MarketId market) public view returns (int256) {
        MarketWord word = LENS.INDEX().peek(market);
        PositionWord position = _words().position(SELF, market);
        Quote value = Margin.positionValueDown(word, position);
        Loss memory loss = _losses[market];
        return int256(uint256(loss.cap)) - int256(_paid(loss)) + Quote.unwrap(value.minZero());
    }

    /// @inheritdoc IInsuranceFund
    function spare() public view returns (int256) {
        return LENS.accountOf(SELF).withdrawable;
    }

    /// @inheritdoc IInsuranceFund
    function openMarkets() public view returns (MarketId[] memory) {
        return LENS.openMarketsOf(SELF);
    }

    /// @dev Counts a payment against the cap of its market.
    function _count(MarketId market, uint256 amount) private {
        int256 left = lossLeft(market);
        if (left < int256(amount)) revert Fund_LossCapReached(market, amount, left > 0 ? uint256(left) : 0);
        Loss memory loss = _losses[market];
        _losses[market] = Loss(loss.cap, uint96(_paid(loss) + amount), uint32(block.timestamp));
    }

    /// @dev What of the payments still counts.
    function _paid(Loss memory loss) private view returns (uint256) {
        uint256 past = block.timestamp - loss.paidAt;
        return past >= WINDOW ? 0 : Math.ceilDiv(loss.paid * (WINDOW - past), WINDOW);
    }

    function _words() private view returns (IMarketWords) {
        return POSITIONS;
    }
}
