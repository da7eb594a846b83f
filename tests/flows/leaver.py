"""Who leaves by the command line: each command a process of its own, with nothing but the files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.deployment import Deployment
from penstock.devnet import Config, Devnet
from penstock.devnet.control import Server
from penstock.localvenue import LocalVenue
from penstock.rollup import RollupVenue
from penstock.settings import DEFAULTS

BIN: Final = Path(sys.executable).parent
WINDOW: Final = 60
DEPOSIT: Final = 10**9
LATER: Final = 3


class Done:
    """What a command said, and how it ended."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code: Final = done.returncode
        self.said: Final = done.stdout + done.stderr

    def __repr__(self) -> str:
        return f"{self.code}: {self.said}"


class Leaver:
    """A venue's descriptor, where its node is, and the commands."""

    def __init__(self, venue: LocalVenue, folder: Path, *place: object) -> None:
        self.venue = venue
        self.folder: Final = folder
        file = folder / "deployment.json"
        Deployment.of(venue.chain.rpc, venue.remote.system).write(file)
        self.place: Final = ("--deployment", file, *place)

    def run(self, *words: object) -> Done:
        """Give a command that needs no key."""
        command = [str(word) for word in (BIN / "penstock", "exit", words[0], *self.place)]
        command += [str(word) for word in words[1:]]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return Done(done)

    def step(self, *words: object, key: str = "passer-by") -> Done:
        """Give one that does, with a key that everybody knows."""
        return self.run(*words, "--development", key)

    def ask(self, *words: object) -> dict[str, Any]:
        """Look once, exactly."""
        found: dict[str, Any] = json.loads(self.run("watch", "--json", *words).said)
        return found


class RollupLeaver(Leaver):
    """The same on a rollup in virtual time, with a server that others may ask."""

    venue: RollupVenue

    @property
    def net(self) -> Devnet:
        """The devnet."""
        return self.venue.net


@contextmanager
def on_rollup(folder: Path) -> Iterator[RollupLeaver]:
    """A venue with doors on a devnet."""
    with Devnet.start(Config(window=WINDOW)) as net:
        server, file = Server(net), folder / "devnet.json"
        msgspec.structs.replace(net.descriptor, control=server.url).write(file)
        try:
            yield RollupLeaver(RollupVenue.launch(net, DEFAULTS), folder, "--devnet", file)
        finally:
            server.close()
