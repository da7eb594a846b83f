"""Who leaves by the command line, with nothing but the files: here, or on another machine.

Another machine is another process in another folder. To begin one takes seconds, so most commands
are given here, to the same command line.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import msgspec
from click.testing import CliRunner

from penstock.cli import main
from penstock.deploy import Parameters
from penstock.deployment import Deployment
from penstock.devnet import Config, Devnet
from penstock.devnet.control import Server
from penstock.follow.cli import exit
from penstock.follow.progress import Obstacle
from penstock.localvenue import LocalVenue
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS

BIN: Final = Path(sys.executable).parent
WINDOW: Final = 60
DEPOSIT: Final = 10**9
LATER: Final = 3
DELAY: Final = 300
LIVENESS: Final = 3_600
RECIPIENT: Final = "0x" + "a1" * 20
CONFIG: Final = Config(window=WINDOW)
TICK: Final = 0.05
"""Seconds within which chains that nobody drives go on by a second of theirs."""
NAMES: Final = {"force", "withdrawal", "close", *(name for name in exit.commands)}


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    said: str


class Leaver:
    """A venue's descriptor, where its node is, and the commands."""

    def __init__(self, venue: LocalVenue, folder: Path, *place: object) -> None:
        self.venue = venue
        self.folder: Final = folder
        file = folder / "deployment.json"
        Deployment.of(venue.chain.rpc, venue.remote.system).write(file)
        self.place: Final = ("--deployment", file, *place)

    def run(self, *words: object, **settings: str) -> Done:
        """Give a command without naming a key; with these variables in the environment."""
        done = CliRunner().invoke(main, self._words(words), env=settings)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Done(done.exit_code, " ".join(done.output.split()))

    def command(self, *words: object) -> list[str]:
        """As it is typed."""
        return [str(BIN / "penstock"), *self._words(words)]

    def elsewhere(self, *words: object) -> Done:
        """Give it on another machine."""
        command = self.command(*words)
        with TemporaryDirectory() as folder:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return Done(done.returncode, " ".join((done.stdout + done.stderr).split()))

    def _words(self, words: Sequence[object]) -> list[str]:
        # A subcommand of `force` comes before any option.
        names = [word for word in words[:2] if word in NAMES]
        return [str(word) for word in ("exit", *names, *self.place, *words[len(names) :])]

    def step(self, *words: object, key: str = "passer-by") -> Done:
        """Give one that does, with a key that everybody knows."""
        return self.run(*words, "--development", key)

    def ask(self, *words: object) -> dict[str, Any]:
        """Look once, exactly."""
        found: dict[str, Any] = json.loads(self.run("watch", *words, "--json").said)
        return found

    def pass_time(self, seconds: int) -> None:
        """Let seconds pass."""
        self.venue.chain.warp(self.venue.chain.time() + seconds)


class RollupLeaver(Leaver):
    """The same on a rollup in virtual time, with a server that others may ask."""

    venue: RollupVenue

    def await_output(self, *words: object) -> None:
        """Let L1 go on until an output covers what was sent."""
        while self.ask(*words)["exits"][0]["progress"]["obstacle"] == Obstacle.OUTPUT:
            self.net.sync()

    def meanwhile(self, *words: object) -> Done:
        """Give a command on another machine, while the chains go on by themselves."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen(self.command(*words), **pipes) as process:  # type: ignore[call-overload]
            while True:
                try:
                    said, _ = process.communicate(timeout=TICK)
                    return Done(process.returncode, " ".join(said.split()))
                except subprocess.TimeoutExpired:
                    self.net.step()

    @property
    def net(self) -> Devnet:
        """The devnet."""
        return self.venue.net


@contextmanager
def on_rollup(
    folder: Path, parameters: Parameters = DEFAULTS, config: Config = CONFIG
) -> Iterator[RollupLeaver]:
    """A venue with doors on a devnet."""
    with Devnet.start(config) as net:
        server, file = Server(net), folder / "devnet.json"
        msgspec.structs.replace(net.descriptor, control=server.url).write(file)
        try:
            yield RollupLeaver(RollupVenue.launch(net, parameters), folder, "--devnet", file)
        finally:
            server.close()
