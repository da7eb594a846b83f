"""Edge: private keys, from the environment or an encrypted file, never from a command line.

KeyMissingError  LookupError  there is no key to sign transactions with
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from penstock.errors import KeyFormatError, PenstockError
from penstock.signing import Signer


class KeyMissingError(PenstockError, LookupError):
    """There is no key to sign transactions with."""

    def __init__(self, place: str, remedy: str) -> None:
        self.place: Final = place
        super().__init__(f"{place}; {remedy}")


def signer_from_environment(variable: str, whose: str = "the") -> Signer:
    """Sign with the key, in hex, that a variable holds. Raises KeyMissingError, KeyFormatError."""
    text = os.environ.get(variable)
    if not text:
        raise KeyMissingError(f"{variable} is not set", f"put {whose} private key into it")
    try:
        secret = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise KeyFormatError from None
    return Signer(secret)


def signer_from_file(path: Path, passphrase: str) -> Signer:
    """Sign with the key of an encrypted file, as ape keeps its accounts.

    Raises KeyMissingError when it cannot be opened.
    """
    from eth_account import Account

    remedy = "name a file of `ape accounts generate`, and its passphrase"
    try:
        keyfile: dict[str, Any] = json.loads(path.read_text())
        return Signer(bytes(Account.decrypt(keyfile, passphrase)))
    except (OSError, ValueError, KeyError, TypeError):
        # NOTE: what the decryption says may hold parts of a secret.
        raise KeyMissingError(f"{path} cannot be opened", remedy) from None
