"""Margin that somebody added in trouble: when it was sent, when and how it landed (pure)."""

from msgspec import Struct


class Landing(Struct, frozen=True):
    """How money came into an account; times are seconds of the chain."""

    sent: int
    landed: int
    l2_blocks: tuple[int, ...]
    """The block of each message."""
    l1_blocks: tuple[int, ...] = ()
    """Where L1 took each message that was forced; empty for what the sequencer took."""


class TopUp(Struct, frozen=True):
    """One deposit of a trader. Money is quote units; all but `landing` is as before it."""

    name: str
    account: int
    phase: str
    amount: int
    lots: int
    equity: int
    maintenance: int
    landing: Landing

    @property
    def before(self) -> float:
        """Margin ratio, equity over maintenance margin."""
        return self.equity / self.maintenance

    @property
    def after(self) -> float:
        """The same with the money."""
        return (self.equity + self.amount) / self.maintenance
