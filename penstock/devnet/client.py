"""Edge: asks a devnet that runs in another process, by its descriptor."""

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from penstock.devnet.descriptor import Descriptor
from penstock.devnet.errors import ControlError, NodeDeadError

PLACE: Final = Path("build") / "devnet.json"
"""Where `penstock devnet up` writes its descriptor, below the folder that it is started in."""
_PATIENCE: Final = 120.0


def read_descriptor(path: Path = PLACE) -> Descriptor:
    """The descriptor of a running devnet. Raises ControlError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Descriptor)
    except FileNotFoundError:
        raise ControlError(
            f"{path} is missing: no devnet was started here (`penstock devnet up`)"
        ) from None
    except msgspec.MsgspecError as error:
        raise ControlError(f"{path} is no descriptor of a devnet: {error}") from error


def ask(place: Path, do: str, /, **arguments: object) -> dict[str, Any]:
    """Have something done. Raises ControlError with the devnet's words, or NodeDeadError."""
    url = read_descriptor(place).control
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    body = json.dumps({"do": do, "with": arguments})
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        raise NodeDeadError(url or str(place), do, error) from error
    finally:
        connection.close()
    if "error" in answer:
        raise ControlError(answer["error"])
    return answer
