"""Parts of the node that can be switched off and on again."""

from typing import Final, Literal, TypeAlias

from penstock.devnet.node import Node

Part: TypeAlias = Literal["sequencing", "batching", "proposing"]


class Switch:
    """Pauses one part. What happens meanwhile is what a rollup without it would do."""

    def __init__(self, node: Node, part: Part) -> None:
        self._node: Final = node
        self._part: Final = part

    @property
    def running(self) -> bool:
        """Whether the part works."""
        return bool(getattr(self._node.state, self._part))

    def pause(self) -> None:
        """Stop it. Twice is as good as once."""
        self._set(value=False)

    def resume(self) -> None:
        """Let it go on where it stopped."""
        self._set(value=True)

    def _set(self, *, value: bool) -> None:
        with self._node.turn:
            setattr(self._node.state, self._part, value)
