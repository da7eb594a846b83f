"""One after another: methods of an object that several threads may use."""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Turned(Protocol):
    """Has a lock that its methods share."""

    @property
    def turn(self) -> RLock:
        """Held while a method works."""


S = TypeVar("S", bound=Turned)


def in_turn(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Let the method wait until no other one works."""

    @wraps(method)
    def turned(self: S, /, *arguments: P.args, **named: P.kwargs) -> R:
        with self.turn:
            return method(self, *arguments, **named)

    return turned
