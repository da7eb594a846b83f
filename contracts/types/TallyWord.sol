// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What every batch reads and writes of the venue, in one storage word:
/// `max open markets 8 · band bps 16 · settled at 32 · batch number 40 · operator 160`.
/// @dev The operator and two rules stand here because a batch pays for each word that it reads.
type TallyWord is uint256;

using TallyWords for TallyWord global;

/// @notice Packs, reads and moves on a tally.
library TallyWords {
    uint256 private constant MARKETS = 248;
    uint256 private constant BAND = 232;
    uint256 private constant SETTLED = 200;
    uint256 private constant NUMBER = 160;

    /// @notice A tally that begins now, with batch 1.
    function begin() internal view returns (TallyWord) {
        return TallyWord.wrap((block.timestamp << SETTLED) | (1 << NUMBER));
    }

    /// @notice The same tally under other rules.
    function withRules(
        TallyWord self,
        address operator_,
        uint16 bandBps_,
        uint8 maxMarkets_
    ) internal pure returns (TallyWord) {
        uint256 progress = TallyWord.unwrap(self) & (uint256(type(uint72).max) << NUMBER);
        uint256 limits = (uint256(maxMarkets_) << MARKETS) | (uint256(bandBps_) << BAND);
        return TallyWord.wrap(limits | progress | uint160(operator_));
    }

    /// @notice The tally after a batch; only a settled fill moves the time on.
    function next(TallyWord self, bool traded) internal view returns (TallyWord) {
        unchecked {
            uint256 moved = TallyWord.unwrap(self) + (1 << NUMBER);
            if (!traded) return TallyWord.wrap(moved);
            uint256 kept = moved & ~(uint256(type(uint32).max) << SETTLED);
            return TallyWord.wrap(kept | (block.timestamp << SETTLED));
        }
    }

    /// @notice The tally of a venue without an operator, for good.
    function frozen(TallyWord self) internal pure returns (TallyWord) {
        return TallyWord.wrap((TallyWord.unwrap(self) >> 160) << 160);
    }

    /// @notice Who settles.
    function operator(TallyWord self) internal pure returns (address) {
        return address(uint160(TallyWord.unwrap(self)));
    }

    /// @notice Whether the venue is frozen: it has no operator any more.
    function isFrozen(TallyWord self) internal pure returns (bool) {
        return operator(self) == address(0);
    }

    /// @notice Number of the next batch.
    function number(TallyWord self) internal pure returns (uint256) {
        return uint40(TallyWord.unwrap(self) >> NUMBER);
    }

    /// @notice When a fill was settled last.
    function settledAt(TallyWord self) internal pure returns (uint256) {
        return uint32(TallyWord.unwrap(self) >> SETTLED);
    }

    /// @notice Half width of the band of fill prices around the mark, basis points.
    function bandBps(TallyWord self) internal pure returns (uint256) {
        return uint16(TallyWord.unwrap(self) >> BAND);
    }

    /// @notice Most markets in which an account may have a position.
    function maxMarkets(TallyWord self) internal pure returns (uint256) {
        return TallyWord.unwrap(self) >> MARKETS;
    }
}
