"""A keeper's clock that nobody waits for."""

from penstock.localchain import LocalChain


class WarpClock:
    """The time of a development chain; waiting is noted, and takes none of ours."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.waited: list[float] = []

    def now(self) -> int:
        return self.chain.time()

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
