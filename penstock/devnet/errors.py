"""Every exception of the devnet.

    PenstockError
    └── DevnetError                  catch this to catch everything of the devnet
        ├── ChainError               a chain cannot be had, or does not answer as it should
        │   ├── AnvilMissingError    FileNotFoundError  there is no anvil on this machine
        │   ├── AnvilVersionError    RuntimeError       another anvil than the one that was tried
        │   ├── AnvilBehaviourError  RuntimeError       the self-test met an anvil that differs
        │   ├── AnvilFailedError     RuntimeError       it ended, or never answered
        │   ├── PortTakenError       OSError            somebody else listens on the port
        │   ├── NodeDeadError        ConnectionError    nobody answers at the url any more
        │   └── NodeRefusedError     RuntimeError       the node answered with an error of its own
        ├── CallRevertedError        RuntimeError       a contract undid a call: its words or error
        ├── ConfigError              ValueError         a setting that no devnet can run with
        ├── BundleError              FileNotFoundError  the contracts are not where they should be
        ├── TrustedSetupError        FileNotFoundError  what blobs are committed with is not there
        ├── AmountError              ValueError         not a whole number of wei or units to move
        ├── FundsError               ValueError         more than the account has
        ├── DepositFailedError       RuntimeError       L1 undid the transaction of a deposit
        ├── WithdrawalError          a step of a withdrawal that cannot be taken now
        │   ├── UnknownWithdrawalError   LookupError    the transaction started no such withdrawal
        │   ├── NotProposedError         RuntimeError   no output covers its block yet
        │   ├── AlreadyProvenError       RuntimeError
        │   ├── ForgedWithdrawalError    ValueError     L2 never heard of such a message
        │   ├── FalseOutputError         RuntimeError   the output on L1 is not this chain's
        │   ├── NotProvenError           RuntimeError
        │   ├── WindowOpenError          RuntimeError   the challenge window is still open
        │   ├── OutputContestedError     RuntimeError   the game of the proven output goes on
        │   ├── OutputReplacedError      RuntimeError   the proven output is gone: prove again
        │   └── AlreadyFinalizedError    RuntimeError
        ├── DivergenceError          RuntimeError       a block is not what was asked for
        ├── BatchFormatError         ValueError         posted bytes that are no batch
        │   └── BlobFormatError      ValueError         a blob that holds no bytes of ours
        ├── BlobSizeError            ValueError         more bytes than a blob holds
        ├── ReorgDepthError          ValueError         deeper than the chain may be turned back
        ├── SnapshotError            LookupError        the snapshot is unknown, or used up
        ├── SavedStateError          ValueError         a file that is not a saved devnet
        └── ControlError             RuntimeError       a running devnet cannot do what was asked

A refused step changes nothing on either chain: whoever asked may ask again later.
"""

from typing import Any, Final

from penstock.errors import PenstockError


class DevnetError(PenstockError):
    """Something went wrong in the devnet, and was expected to be able to."""


# --- chains --------------------------------------------------------------------------------------


class ChainError(DevnetError):
    """A chain cannot be had, or does not answer as it should."""


class AnvilMissingError(ChainError, FileNotFoundError):
    """There is no anvil on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "anvil is neither beside this Python nor on the path; `make setup` puts it into .venv, "
            "or install the npm package @foundry-rs/anvil"
        )


class AnvilVersionError(ChainError, RuntimeError):
    """Another anvil than the one that the node was written against."""

    def __init__(self, found: str, wanted: str) -> None:
        self.found: Final = found
        self.wanted: Final = wanted
        super().__init__(
            f"this is anvil {found}, but the devnet relies on details of {wanted}; install that "
            f"one, or pass Config(any_anvil=True) and see whether the self-test still passes"
        )


class AnvilBehaviourError(ChainError, RuntimeError):
    """The self-test met an anvil that does not behave as the node needs it."""

    def __init__(self, what: str, detail: object) -> None:
        self.what: Final = what
        super().__init__(
            f"self-test: {what} ({detail}); the devnet cannot run on this anvil, use 1.7.1"
        )


class AnvilFailedError(ChainError, RuntimeError):
    """anvil ended or does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"anvil did not start: {detail}")


class PortTakenError(ChainError, OSError):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        self.port: Final = port
        super().__init__(
            f"port {port} is taken by another program; end that one, choose another port, or "
            f"choose 0 to have a free one"
        )


class NodeDeadError(ChainError, ConnectionError):
    """Nobody answers at the url."""

    def __init__(self, url: str, method: str, detail: object) -> None:
        self.url: Final = url
        self.method: Final = method
        super().__init__(
            f"no node answers {method} at {url} ({detail}); start the devnet, then ask again"
        )


class NodeRefusedError(ChainError, RuntimeError):
    """The node answered with an error of its own, not of a contract."""

    def __init__(self, method: str, code: int, message: str) -> None:
        self.method: Final = method
        self.code: Final = code
        self.message: Final = message
        super().__init__(f"the node refused {method}: {message} (code {code})")


class CallRevertedError(DevnetError, RuntimeError):
    """A contract undid a call. `name` is its error, or "Error" with its words in `arguments`."""

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name: Final = name
        self.arguments: Final = arguments
        super().__init__(f"reverted with {name}({', '.join(map(str, arguments))})")

    @property
    def words(self) -> str:
        """What the contract said in words, or the empty string."""
        return str(self.arguments[0]) if self.name == "Error" and self.arguments else ""


# --- asking for something ------------------------------------------------------------------------


class ConfigError(DevnetError, ValueError):
    """A setting that no devnet can run with."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field: Final = field
        self.value: Final = value
        super().__init__(f"{field} is {value}, but {rule}")


class BundleError(DevnetError, FileNotFoundError):
    """The rollup contracts are not where they should be."""


class TrustedSetupError(DevnetError, FileNotFoundError):
    """What blobs are committed with is not where eth-account keeps it."""

    def __init__(self, path: object) -> None:
        self.path: Final = path
        super().__init__(f"blobs need the trusted setup that comes with eth-account: no {path}")


class AmountError(DevnetError, ValueError):
    """Not a whole number of wei or token units to move."""

    def __init__(self, amount: object) -> None:
        self.amount: Final = amount
        super().__init__(
            f"the amount is {amount}, but it must be a whole number of units from 0 to 2^256 − 1"
        )


class FundsError(DevnetError, ValueError):
    """An account has less than it wants to move."""

    def __init__(self, account: str, what: str, amount: int, balance: int) -> None:
        self.amount: Final = amount
        self.balance: Final = balance
        super().__init__(f"{account} has {balance} {what}, {amount} are asked for")


class DepositFailedError(DevnetError, RuntimeError):
    """L1 undid the transaction that a deposit begins with."""

    def __init__(self, hash: str, reason: object) -> None:
        self.hash: Final = hash
        super().__init__(f"L1 transaction {hash} of the deposit failed: {reason}")


# --- withdrawals ---------------------------------------------------------------------------------


class WithdrawalError(DevnetError):
    """A step of a withdrawal that cannot be taken now. Nothing has changed."""


class UnknownWithdrawalError(WithdrawalError, LookupError):
    """The transaction did not start such a withdrawal."""

    def __init__(self, hash: str, index: int, found: int | None) -> None:
        self.hash: Final = hash
        self.found: Final = found
        told = "is not in the L2 chain" if found is None else f"started {found} withdrawals"
        super().__init__(f"no withdrawal {index}: L2 transaction {hash} {told}")


class NotProposedError(WithdrawalError, RuntimeError):
    """No output covers the withdrawal's block yet."""

    def __init__(self, block: int, latest: int) -> None:
        self.block: Final = block
        self.latest: Final = latest
        super().__init__(
            f"the withdrawal is in L2 block {block}, outputs are proposed up to block {latest}; "
            f"let the chains go on until a proposal covers it, then prove"
        )


class AlreadyProvenError(WithdrawalError, RuntimeError):
    """The withdrawal is proven against the output that still stands."""

    def __init__(self, withdrawal: str, since: int) -> None:
        self.since: Final = since
        super().__init__(f"withdrawal {withdrawal} is proven already, at L1 time {since}")


class ForgedWithdrawalError(WithdrawalError, ValueError):
    """L2 never heard of a message with these contents."""

    def __init__(self, withdrawal: str, block: int) -> None:
        self.withdrawal: Final = withdrawal
        super().__init__(
            f"no message with hash {withdrawal} was passed on L2 up to block {block}; "
            f"one of its fields is not what was sent"
        )


class FalseOutputError(WithdrawalError, RuntimeError):
    """The output that L1 holds for the block is not this chain's."""

    def __init__(self, index: int, block: int, root: str) -> None:
        self.index: Final = index
        super().__init__(
            f"output {index} for L2 block {block} is {root}, which is not the root of this chain; "
            f"it must be challenged (`challenge()`) and proposed anew before anything is proven"
        )


class NotProvenError(WithdrawalError, RuntimeError):
    """The withdrawal must be proven first."""

    def __init__(self, withdrawal: str) -> None:
        super().__init__(f"withdrawal {withdrawal} is not proven; call prove() first")


class WindowOpenError(WithdrawalError, RuntimeError):
    """The challenge window is still open. `earliest` and `now` are L1 times in seconds."""

    def __init__(self, withdrawal: str, earliest: int, now: int) -> None:
        self.earliest: Final = earliest
        self.now: Final = now
        super().__init__(
            f"withdrawal {withdrawal} is paid from L1 time {earliest} on, the next L1 block is at "
            f"{now}: {earliest - now} s to wait"
        )


class OutputContestedError(WithdrawalError, RuntimeError):
    """The output that the withdrawal was proven against was attacked, and its game goes on."""

    def __init__(self, withdrawal: str, index: int) -> None:
        self.index: Final = index
        super().__init__(
            f"output {index}, against which withdrawal {withdrawal} was proven, is attacked in its "
            f"game; prove against another one, or wait for the end of the game"
        )


class OutputReplacedError(WithdrawalError, RuntimeError):
    """The output that the withdrawal was proven against was deleted, replaced, or lost its game."""

    def __init__(self, withdrawal: str, index: int) -> None:
        self.index: Final = index
        super().__init__(
            f"output {index}, against which withdrawal {withdrawal} was proven, is gone; "
            f"prove again once another one covers its block"
        )


class AlreadyFinalizedError(WithdrawalError, RuntimeError):
    """The withdrawal was paid, or its call was tried, once and for all."""

    def __init__(self, withdrawal: str) -> None:
        super().__init__(f"withdrawal {withdrawal} is final already; nothing is paid twice")


# --- the node ------------------------------------------------------------------------------------


class DivergenceError(DevnetError, RuntimeError):
    """A block is not what was asked for."""

    def __init__(self, block: int, detail: str) -> None:
        self.block: Final = block
        super().__init__(f"L2 block {block}: {detail}")


class BatchFormatError(DevnetError, ValueError):
    """Posted bytes that are no batch."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"posted bytes are no batch: {detail}")


class BlobFormatError(BatchFormatError):
    """A blob that holds no bytes as the batcher writes them."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"a blob is malformed: {detail}")


class BlobSizeError(DevnetError, ValueError):
    """More bytes than a blob holds."""

    def __init__(self, size: int, most: int) -> None:
        self.size: Final = size
        self.most: Final = most
        super().__init__(f"{size} bytes do not fit a blob, which holds {most}")


class ReorgDepthError(DevnetError, ValueError):
    """Deeper than the chain may be turned back."""

    def __init__(self, depth: int, most: int) -> None:
        self.depth: Final = depth
        self.most: Final = most
        super().__init__(
            f"a reorg of {depth} L1 blocks is asked for, {most} at most are possible: the "
            f"blocks of the deployment, those under a snapshot and those past the kept history stay"
        )


class SnapshotError(DevnetError, LookupError):
    """The snapshot is unknown, or used up."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"snapshot {number} is unknown or used up; a snapshot serves once, and those taken "
            f"after the one that is reverted to go with it"
        )


class SavedStateError(DevnetError, ValueError):
    """A file that is not a saved devnet."""

    def __init__(self, path: object, detail: object) -> None:
        super().__init__(f"{path} is no saved devnet: {detail}")


class ControlError(DevnetError, RuntimeError):
    """A running devnet cannot do what was asked, in its own words."""
