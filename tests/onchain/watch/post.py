"""A watch on a chain of its own, and its model."""

from dataclasses import dataclass

from penstock.deploy import ZERO_ADDRESS
from penstock.watch import Watch
from tests.helpers.revm import Contract, RevmChain
from tests.helpers.venue import STRANGER

LIMIT, GRACE = 600, 900


@dataclass
class Post:
    """A watch with a feed that says up since for ever, until told otherwise."""

    chain: RevmChain
    watch: Contract
    model: Watch
    feed: Contract | None = None

    def pass_time(self, seconds: int) -> None:
        self.chain.time += seconds

    def beat(self) -> None:
        """Beat on both sides, and compare the stored word."""
        self.watch.transact("beat", sender=STRANGER.address)
        self.model = self.model.beat(self.chain.time)
        last, start, end, down = self.watch.call("beats")
        assert down << 96 | end << 64 | start << 32 | last == self.model.word

    def is_calm(self) -> bool:
        return bool(self.watch.call("isCalm"))

    def set_round(self, answer: int, started_at: int) -> None:
        """Have the feed say something."""
        assert self.feed is not None
        round_ = (1, answer, started_at, started_at, 1)
        self.feed.transact("setRound", round_, sender=STRANGER.address)


def make_post(limit: int = LIMIT, grace: int = GRACE, *, feed: bool = False) -> Post:
    """Deploy."""
    chain = RevmChain()
    uptime = chain.at("AggregatorMock", chain.create("AggregatorMock")) if feed else None
    address = uptime.address if uptime else ZERO_ADDRESS
    watch = chain.at("SequencerWatch", chain.create("SequencerWatch", limit, grace, address))
    post = Post(chain, watch, Watch(limit, grace, chain.time), uptime)
    if uptime:
        post.set_round(0, 1)
    return post
