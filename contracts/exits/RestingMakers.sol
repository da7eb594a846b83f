// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountWord} from "../types/AccountWord.sol";
import {AccountId, MarketId} from "../types/Ids.sol";
import {FLAG_BUY, FLAG_POST_ONLY, FLAG_REDUCE_ONLY} from "../types/LiveOrder.sol";
import {Nonce} from "../types/Nonce.sol";
import {Counterparty, RestingOrder} from "../types/RestingOrder.sol";
import {Slot} from "../types/SlotsWord.sol";
import {HashPad, OrderHashing} from "../libraries/OrderHashing.sol";
import {Words} from "../libraries/Words.sol";
import {IMarketWords} from "../interfaces/IMarketWords.sol";
import {Weighing} from "./Weighing.sol";

/// @notice Whether a resting order may be filled outside of a batch: the rules of docs/batch.md for the order alone.
abstract contract RestingMakers is Weighing {
    using OrderHashing for HashPad;
    using Words for IMarketWords;

    /// @dev A level of a ladder in calldata: `price 32 · size 32`.
    uint256 private constant LEVEL = 8;

    /// @dev A signed order, or the level of a ladder that is filled.
    struct Level {
        Nonce nonce;
        uint256 price;
        uint256 size;
    }

    /// @dev Checks signature, expiry, epoch, and that so many lots are left; returns the level, its size the lots that are filled
    /// then.
    function _checkOrder(
        Counterparty calldata maker,
        RestingOrder memory order,
        MarketId market,
        HashPad pad
    ) internal view returns (Level memory level) {
        AccountWord word = _words().account(order.account);
        address signer = _signerOf(maker, order, market, pad);
        if (signer == address(0) || signer != word.signer()) revert Order_SignatureWrong(order.account, order.nonce);
        if (block.timestamp > order.expiry) revert Order_Expired(order.account, order.nonce, order.expiry);
        level = _levelOf(maker, order);
        uint256 filled = _filled(order.account, word.floored(), level.nonce);
        uint256 left = filled < level.size ? level.size - filled : 0;
        if (maker.lots == 0 || maker.lots > left) {
            revert Order_Overfill(order.account, uint40(Nonce.unwrap(level.nonce)), maker.lots, left);
        }
        level.size = filled + maker.lots;
    }

    /// @dev What of an epoch is filled, unless it is dead.
    function _filled(AccountId account, bool floored, Nonce nonce) private view returns (uint256 filled) {
        Slot slot = _words().slots(account, uint8(nonce.slot())).slotAt(nonce);
        bool below = floored && nonce.epoch() <= _words().epochFloor(account);
        if (below || slot.epoch() > nonce.epoch()) revert Order_Replaced(account, uint40(Nonce.unwrap(nonce)));
        if (slot.epoch() == nonce.epoch()) filled = slot.filled();
    }

    function _levelOf(Counterparty calldata maker, RestingOrder memory order) private pure returns (Level memory) {
        if (maker.levels.length == 0) return Level(Nonce.wrap(order.nonce), order.price, order.size);
        uint256 start = maker.level * LEVEL;
        uint64 level = uint64(bytes8(maker.levels[start:start + LEVEL]));
        return Level(Nonce.wrap(order.nonce + (uint256(maker.level) << 32)), level >> 32, uint32(level));
    }

    function _signerOf(
        Counterparty calldata maker,
        RestingOrder memory order,
        MarketId market,
        HashPad pad
    ) private pure returns (address) {
        bytes calldata signature = maker.signature;
        if (signature.length != 64) return address(0);
        bool single = maker.levels.length == 0;
        bytes32 digest = single ? _digest(order, market, pad) : _ladderDigest(maker, order, market, pad);
        return OrderHashing.recover(digest, _offset(signature));
    }

    function _digest(RestingOrder memory order, MarketId market, HashPad pad) private pure returns (bytes32) {
        uint256 flags = _flags(order);
        uint256 record = (flags << 232) | (uint256(order.price) << 200) | (uint256(order.size) << 168);
        record |= (uint256(order.expiry) << 136) | (uint256(order.nonce) << 96);
        pad.setStyle(flags);
        return pad.orderDigest(AccountId.unwrap(order.account), MarketId.unwrap(market), record);
    }

    function _ladderDigest(
        Counterparty calldata maker,
        RestingOrder memory order,
        MarketId market,
        HashPad pad
    ) private pure returns (bytes32) {
        bytes calldata levels = maker.levels;
        uint256 count = levels.length / LEVEL;
        bool whole = levels.length % LEVEL == 0 && maker.level < count;
        Nonce nonce = Nonce.wrap(order.nonce);
        if (!whole || nonce.slot() + count > 256) {
            revert Order_LadderMalformed(order.account, order.nonce, levels.length);
        }
        return pad.ladderDigest(order.account, market, _flags(order), order.expiry, nonce, _offset(levels), count);
    }

    /// @dev The flags of the order table.
    function _flags(RestingOrder memory order) private pure returns (uint256) {
        uint256 sides = (order.buy ? FLAG_BUY : 0) | (order.postOnly ? FLAG_POST_ONLY : 0);
        return sides | (order.reduceOnly ? FLAG_REDUCE_ONLY : 0);
    }

    /// @dev Where bytes stand in calldata.
    function _offset(bytes calldata data) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := data.offset
        }
    }
}
