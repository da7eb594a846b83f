"""Edge: outputs as dispute games: each claim is true unless its own game is lost.

A game begins with the claim. The challenger may attack it while the clock of its side runs, and
the other side's clock begins to run then. Nobody here answers an attack, so an attacked claim is
lost when that clock has run out; one that nobody attacked is won when the first has.

begun ── window ──▶ won ── finality ──▶ withdrawals that are proven on it, and ripe, are paid
  └─ attacked ── window ──▶ lost        it proves nothing; the bond is the challenger's
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from penstock.devnet.abi import CODEC, contract
from penstock.devnet.config import Config
from penstock.devnet.contracts import GAME, Addresses
from penstock.devnet.deposits import Origin
from penstock.devnet.hashing import hexed, raw
from penstock.devnet.l1 import L1
from penstock.devnet.ledger import Claim, Proven, Standing
from penstock.devnet.party import Party
from penstock.devnet.state import Output, State

_NAME: Final = "PermissionedDisputeGame"
_PROPOSE_GAS, _ATTACK_GAS, _RESOLVE_GAS = 600_000, 400_000, 300_000
_AT_ONCE: Final = 32
"""Games that are ended in one L1 block, after days have passed."""
_GOES_ON, _LOST, _WON = range(3)
"""What a game says of itself."""
_FIRST_ATTACK: Final = 2
"""Its position in the tree of claims: left below the root."""
_CLOCK: Final = 64
"""Bits of a clock that are the time it was last stopped; above them is the time it has run."""


class Move(Struct, frozen=True):
    """A claim in a game: what it is against, the time its side has used, and when it was made."""

    parent: int
    used: int
    time: int


class Game(Struct, frozen=True):
    """A game as L1 has it. `over` is when it ended, 0 while it goes on."""

    address: str
    claim: Claim
    status: int
    over: int
    moves: tuple[Move, ...]

    @property
    def standing(self) -> Standing:
        """What is left of the claim that the game is about."""
        if self.status == _GOES_ON:
            return Standing.STANDS if len(self.moves) == 1 else Standing.CONTESTED
        return Standing.STANDS if self.status == _WON else Standing.GONE

    def due(self, window: int) -> int:
        """When the clocks of all who might still answer have run out."""
        used = [self.moves[m.parent].used if place else 0 for place, m in enumerate(self.moves)]
        return max(m.time + window - spent for m, spent in zip(self.moves, used, strict=True))


class Games:
    """DisputeGameFactory, the games it makes, and the portal in front of them."""

    portal: Final = "OptimismPortal2"

    def __init__(self, config: Config, at: Addresses, l1: L1) -> None:
        self.config: Final = config
        self.at: Final = at
        self.l1: Final = l1

    # --- proposer and challenger ------------------------------------------------------------------

    def count(self) -> int:
        """How many games were begun."""
        return int(self._ask("gameCount"))

    def claim(self, index: int) -> Claim:
        """What a game is about."""
        return self._claim(self._address(index))

    def opens(self, block: int) -> int:
        """A block may be claimed at any time."""
        return 0

    def propose(self, proposer: Party, output: Output, origin: Origin, time: int) -> str:
        """Begin a game, with the bond that the factory asks for."""
        extra = CODEC.encode(["uint256"], [output.block])
        data = contract("DisputeGameFactory").encode("create", GAME, raw(output.root), extra)
        bond = int(self._ask("initBonds", GAME))
        return proposer.send(self.at.games, data, _PROPOSE_GAS, time, bond)

    def proposed(self, state: State, index: int) -> None:
        """Remember when the new game can be ended."""
        state.games[index] = self.claim(index).time + self.config.window

    def contestable(self, state: State, time: int) -> Iterator[tuple[int, Claim]]:
        """Those that nobody has attacked, and for which the clock still runs."""
        for index in [index for index, due in state.games.items() if due > time]:
            game = self._game(index)
            if game.standing is Standing.STANDS:
                yield index, game.claim

    def contest(self, challenger: Party, state: State, index: int, truth: str, time: int) -> None:
        """Attack a claim, with the bond that the move asks for."""
        game = self._game(index)
        data = contract(_NAME).encode("attack", raw(game.claim.root), 0, raw(truth))
        bond = int(self.l1.read(game.address, _NAME, "getRequiredBond", _FIRST_ATTACK))
        challenger.send(game.address, data, _ATTACK_GAS, time, bond)
        state.games[index] = time + self.config.window

    def settle(self, challenger: Party, state: State, time: int) -> None:
        """End the games whose clocks have run out. Anybody may; here it is the challenger."""
        ripe = (index for index, due in state.games.items() if due <= time)
        for index in list(islice(ripe, _AT_ONCE)):
            game = self._game(index)
            if game.status != _GOES_ON:
                del state.games[index]
            elif (due := game.due(self.config.window)) > time:
                state.games[index] = due
            else:
                _resolve(challenger, game, time)

    def turn_back(self, state: State) -> None:
        """Read all games: what ended one of them may be lost."""
        games = enumerate(map(self._game, range(self.count())))
        window = self.config.window
        state.games = {i: game.due(window) for i, game in games if game.status == _GOES_ON}

    # --- withdrawals ------------------------------------------------------------------------------

    def standing(self, index: int) -> Standing:
        """What is left of a claim."""
        return self._game(index).standing

    def proven(self, state: State, withdrawal: str, payer: str) -> Proven | None:
        """The portal keeps one proof of each payer, and the game that it was given against."""
        asked = ("provenWithdrawals", raw(withdrawal), payer)
        game, time = self.l1.read(self.at.portal, self.portal, *asked)
        if not time:
            return None
        index = self._index(state, game)
        return Proven(time, index, self.standing(index))

    def payable(self, index: int, proven: int, now: int) -> int:
        """Both waits must be over: since the proof and since the end of the game."""
        game = self._game(index)
        over = game.over or max(game.due(self.config.window), now)
        return self._ripe(over, proven)

    def promised(self, proposed: int, proven: int) -> int:
        """The same for a game that is still to come, and that nobody attacks."""
        return self._ripe(proposed + self.config.window, proven)

    def _ripe(self, over: int, proven: int) -> int:
        return max(over + self.config.finality, proven + self.config.maturity) + 1

    # --- what L1 says -----------------------------------------------------------------------------

    def _ask(self, function: str, *arguments: object) -> Any:
        return self.l1.read(self.at.games, "DisputeGameFactory", function, *arguments)

    def _address(self, index: int) -> str:
        _, _, address = self._ask("gameAtIndex", index)
        return str(address)

    def _index(self, state: State, game: str) -> int:
        """Of a game by its address. The node does not know those that somebody began by hand."""
        claim = self._claim(game)
        known = [(output.root, output.block) for output in state.outputs]
        if (claim.root, claim.block) in known:
            return known.index((claim.root, claim.block))
        return next(i for i in reversed(range(self.count())) if self._address(i) == game)

    def _claim(self, game: str) -> Claim:
        root, time, block = self._views(game, "rootClaim", "createdAt", "l2BlockNumber")
        return Claim(hexed(root), time, block)

    def _game(self, index: int) -> Game:
        address = self._address(index)
        claim = self._claim(address)
        status, over, count = self._views(address, "status", "resolvedAt", "claimDataLen")
        asked = [("claimData", number) for number in range(count)]
        moves = map(_move, self.l1.read_all(address, _NAME, *asked))
        return Game(address, claim, status, over, tuple(moves))

    def _views(self, game: str, *names: str) -> list[Any]:
        return self.l1.read_all(game, _NAME, *((name,) for name in names))


def _move(fields: tuple[Any, ...]) -> Move:
    parent, _, _, _, _, _, clock = fields
    return Move(parent, clock >> _CLOCK, clock & (1 << _CLOCK) - 1)


def _resolve(party: Party, game: Game, time: int) -> None:
    """Decide every claim, the last one first: each needs those that were made against it."""
    code = contract(_NAME)
    for number in reversed(range(len(game.moves))):
        party.send(game.address, code.encode("resolveClaim", number, 0), _RESOLVE_GAS, time)
    party.send(game.address, code.encode("resolve"), _RESOLVE_GAS, time)
