"""Every exception that Penstock raises on purpose.

    PenstockError
    ├── FieldError              a value breaks a rule: names field, value, rule and remedy
    │   ├── RangeError          ValueError    a number is outside its width
    │   ├── RoundingError       ValueError    a decimal is not a whole number of steps
    │   ├── SpecError           ValueError    a market's tick, lot or unit do not fit together
    │   ├── FlagError           ValueError    two flags of an order exclude each other
    │   ├── LimitError          ValueError    a market's limit is no round number of lots
    │   ├── LadderError         ValueError    the levels of a ladder do not fit together
    │   └── AddressError        ValueError    an address is not 20 bytes
    ├── NumberError             ValueError    what a person typed is no number
    ├── DecodeError             ValueError    bytes from outside are not the message they should be
    ├── KeyFormatError          ValueError    a private key is not a number that secp256k1 takes
    ├── SignatureError          ValueError    64 bytes are no signature of anything
    ├── BackendError            RuntimeError  elliptic curves would run in slow Python
    └── EngineError             RuntimeError  a command that only a mistake of the operator explains

Nouns whose errors carry values of their own keep them beside them, under the same root:

    batch       BatchMalformed (DecodeError)      where a batch breaks which rule
    builder     BuildError                        fills that no batch can carry
    venue       Refused                           what the contract would revert with
    system      UnknownMarketError                a mistyped symbol
    deploy      DeployError, ParameterError       a deployment refused before its first transaction
    deployment  DeploymentError                   a descriptor that is not this chain's
    recordings  RecordingError                    file, line and column of a bad recording
    artifacts   ArtifactError, ContractRevert     no build; a contract's error by name
    anvil       AnvilError and leaves             the node is missing, its port taken, it failed
    rpc         RpcError and leaves               the node is out of reach, or refuses
    sender      SendError and leaf                a transaction without a receipt
    bidding     FeeCeilingError, NonceTakenError  a block that asks too much; a rival with the key
    submitter   SubmitError and leaves            overtaken, or at odds with the chain
    carrier     PromisedError, CrowdedError       a withdrawal of what waiting fills need; too many
    mirror      MirrorError and leaf              the engine's view left the chain's
    console     ConsoleError                      a mistyped word in the console
    keys        KeyMissingError                   no key to sign transactions with
    follow      ExitError and leaf                an exit cannot be followed, or not so
    keepers     WalletError and leaves            a keeper sends nothing; ReportsMissingError and
                                                  OrdersMissingError
    devnet      DevnetError and leaves            the local rollup; see devnet/errors.py

A trader's mistake inside the engine is not an exception but a `RejectReason`.
"""

from typing import Final


class PenstockError(Exception):
    """The root: catch this to catch everything that Penstock raises on purpose."""


class FieldError(PenstockError):
    """A value breaks a rule. `field`, `value`, `rule` and `remedy` can be read from the error."""

    def __init__(self, field: str, value: object, rule: str, remedy: str) -> None:
        self.field: Final = field
        self.value: Final = value
        self.rule: Final = rule
        self.remedy: Final = remedy
        super().__init__(f"{field} is {value}, but {rule}; {remedy}")


class RangeError(FieldError, ValueError):
    """A number is outside the width that the chain stores it in."""

    def __init__(self, field: str, value: object, low: int, high: int) -> None:
        rule = f"it must be a whole number from {low} to {high}"
        super().__init__(field, value, rule, "choose one in that range")


class LimitError(FieldError, ValueError):
    """A limit of a market is no round number of lots."""

    def __init__(self, field: str, value: object, most: int) -> None:
        rule = f"it must be 1 to {most:,} lots, or that many times a power of ten up to 10^7"
        super().__init__(field, value, rule, "choose the next lower round number")


class RoundingError(FieldError, ValueError):
    """A decimal is not a whole number of steps; converting it would round somebody's money."""

    def __init__(self, field: str, value: object, step: object) -> None:
        rule = f"it must be a multiple of {step}"
        super().__init__(field, value, rule, "round it yourself, in the direction you can accept")


class SpecError(FieldError, ValueError):
    """A market's tick, lot and decimals do not give a whole number of quote units."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(field, value, rule, "change tick, lot or decimals")


class FlagError(FieldError, ValueError):
    """Two flags of one order exclude each other."""

    def __init__(self, field: str, other: str) -> None:
        super().__init__(field, True, f"it excludes {other}", "clear one of the two")


class LadderError(FieldError, ValueError):
    """The levels of a ladder do not fit together or do not fit into the slots."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(field, value, rule, "split the ladder, or start it at a lower slot")


class AddressError(FieldError, ValueError):
    """An address is not 20 bytes."""

    def __init__(self, field: str, value: object) -> None:
        rule = "an address is 20 bytes, or 0x and 40 hex digits"
        super().__init__(field, value, rule, "compare it with the deployment")


class NumberError(PenstockError, ValueError):
    """What a person typed is no number."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        super().__init__(f"{text!r} is no number; write digits and a point, as in 0.25")


class DecodeError(PenstockError, ValueError):
    """Bytes from outside are not the message they should be."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(f"{what} cannot be read: {detail}; compare it with docs/batch.md")


class KeyFormatError(PenstockError, ValueError):
    """A private key is not a number that secp256k1 takes. The key itself is never repeated."""

    def __init__(self) -> None:
        super().__init__("private key: it must be 32 bytes, not zero and below the curve's order")


class SignatureError(PenstockError, ValueError):
    """A signature from which no public key can be recovered."""

    def __init__(self, signature: bytes, detail: str) -> None:
        self.signature: Final = signature
        shown = f"0x{signature[:8].hex()}… of {len(signature)} bytes"
        super().__init__(f"signature is {shown}, but {detail}; sign the message again (EIP-2098)")


class BackendError(PenstockError, RuntimeError):
    """Elliptic curves would not run in libsecp256k1, a hundred times slower than planned."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"coincurve is not using its native library: {detail}; run `make setup`")


class EngineError(PenstockError, RuntimeError):
    """The engine was driven wrongly; no trader's message can cause this."""
