"""What a devnet can be told before it starts (pure). Times are seconds, money is wei."""

from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from penstock.devnet.errors import ConfigError

ETHER: Final = 10**18
GWEI: Final = 10**9
L1_CHAIN, L2_CHAIN = 900, 901
START: Final = 1_800_000_000
"""Time of the first L1 block in virtual time: the full hour 2027-01-15 08:00."""
L1_GAS_LIMIT: Final = 60_000_000
L2_GAS_LIMIT: Final = 30_000_000


class FeeCurve(Struct, frozen=True):
    """A price in wei over the seconds since the first L1 block: straight between its points.

    Before the first point and after the last one it stays. Rounds down to whole wei.
    """

    points: tuple[tuple[int, int], ...]

    def at(self, seconds: int) -> int:
        """The price at a time."""
        if seconds <= self.points[0][0]:
            return self.points[0][1]
        for (left, low), (right, high) in pairwise(self.points):
            if seconds < right:
                return low + (high - low) * (seconds - left) // (right - left)
        return self.points[-1][1]


def constant(price: int) -> FeeCurve:
    """A price that never changes."""
    return FeeCurve(((0, price),))


Data: TypeAlias = Literal["calldata", "blobs"]
"""Where on L1 the batcher puts what it posts."""
Proofs: TypeAlias = Literal["oracle", "games"]
"""What L1 trusts an output by: nobody deleted it from an oracle, or it won its dispute game."""


class Config(Struct, frozen=True, kw_only=True):
    """Settings of a devnet; `check` says which of them cannot be."""

    l1_port: int = 0
    """0 takes a free one."""
    l2_port: int = 0
    l1_block: int = 2
    """Seconds from one L1 block to the next."""
    l2_block: int = 1
    window: int = 12
    """Challenge window, or the clock of either side of a game; `warp` makes a week of it quick."""
    proofs: Proofs = "oracle"
    """Which contracts keep the outputs. The next two settings are those of games alone."""
    maturity: int = 12
    """Seconds that a proof must be old before it is paid on."""
    finality: int = 6
    """Seconds that a game must be over before a withdrawal is paid on it, or its bonds are."""
    output_interval: int = 5
    """L2 blocks from one proposed output to the next."""
    batch_interval: int = 1
    """L1 blocks from one posted batch to the next."""
    data: Data = "calldata"
    """What batches are posted as. The scalars, which say what L2 charges for it, do not follow."""
    clock: Literal["virtual", "real"] = "virtual"
    """In virtual time nothing happens unless it is asked for; real time follows the clock."""
    start: int = START
    """First L1 block's time in virtual time. Real time starts now."""
    accounts: int = 10
    """Development accounts that get ether on both chains, 10 at most."""
    balance: int = 1_000 * ETHER
    """What each of them is bridged to L2."""
    l1_base_fee: FeeCurve = constant(10 * GWEI)
    blob_base_fee: FeeCurve = constant(GWEI)
    l2_base_fee: int = GWEI
    """Of the L2 genesis; the protocol's rule moves it from there."""
    base_fee_scalar: int = 2_500_000
    """Millionths; this one charges 40 L1 gas per byte, what posting compressed calldata costs."""
    blob_base_fee_scalar: int = 0
    history: int = 500
    """Blocks whose state the anvils keep: how far back proofs and reorgs can reach."""
    any_anvil: bool = False
    """Try an anvil of another version than the one that is known to work."""

    def check(self) -> "Config":
        """Return these settings. Raises ConfigError."""
        for field, low in _LEAST.items():
            value = getattr(self, field)
            if value < low:
                raise ConfigError(field, value, f"it must be at least {low}")
        if self.l1_block < self.l2_block:
            raise ConfigError("l1_block", self.l1_block, "it must be at least one L2 block's time")
        for field in ("base_fee_scalar", "blob_base_fee_scalar"):
            if not 0 <= getattr(self, field) < 2**32:
                raise ConfigError(field, getattr(self, field), "it must fit 32 bits")
        for field, known in (("data", get_args(Data)), ("proofs", get_args(Proofs))):
            if getattr(self, field) not in known:
                raise ConfigError(field, getattr(self, field), f"it must be one of {known}")
        if self.accounts > 10:
            raise ConfigError("accounts", self.accounts, "there are 10 development accounts")
        for field in ("l1_base_fee", "blob_base_fee"):
            _check_curve(field, getattr(self, field))
        return self


_LEAST: Final = {
    "l1_port": 0,
    "l2_port": 0,
    "l1_block": 1,
    "l2_block": 1,
    "window": 1,
    "maturity": 0,
    "finality": 0,
    "output_interval": 1,
    "batch_interval": 1,
    "start": 1,
    "accounts": 0,
    "balance": 0,
    "l2_base_fee": 1,
    # An L1 reorg and a proof need a few blocks behind the head.
    "history": 50,
}


def _check_curve(field: str, curve: FeeCurve) -> None:
    times = [time for time, _ in curve.points]
    if not times or sorted(set(times)) != times:
        raise ConfigError(field, curve.points, "its times must ascend")
    if any(price < 1 for _, price in curve.points):
        raise ConfigError(field, curve.points, "every price must be at least 1 wei")


class Rollup(Struct, frozen=True, kw_only=True):
    """What everybody must agree on to derive the same L2 from the same L1."""

    l1_chain: int = L1_CHAIN
    l2_chain: int = L2_CHAIN
    l1_start: int
    """Time of the first L1 block, from which the fee curves count."""
    l1_origin: int
    """Number of the L1 block whose successor is the first to be derived from."""
    l1_origin_hash: str
    l2_time: int
    """Time of the L2 genesis."""
    l2_block: int
    portal: str
    inbox: str
    batcher: str
    base_fee_scalar: int
    blob_base_fee_scalar: int
    blob_base_fee: FeeCurve
    l2_base_fee: int
    l1_messenger: str
    l1_bridge: str
    history: int
