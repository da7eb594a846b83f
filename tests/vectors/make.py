"""Write digests.json anew: `python tests/vectors/make.py`.

The digests come from eth-account's typed-data encoder, which shares no code with penstock.signing;
the types are spelled out here a second time on purpose.
"""

import json
import random
from pathlib import Path
from typing import Any

from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

TYPES: dict[str, list[tuple[str, str]]] = {
    "Order": [
        ("uint32", "account"),
        ("uint16", "market"),
        ("bool", "buy"),
        ("bool", "immediate"),
        ("bool", "postOnly"),
        ("bool", "reduceOnly"),
        ("uint32", "price"),
        ("uint32", "size"),
        ("uint32", "expiry"),
        ("uint40", "nonce"),
    ],
    "Ladder": [
        ("uint32", "account"),
        ("uint16", "market"),
        ("bool", "buy"),
        ("bool", "postOnly"),
        ("bool", "reduceOnly"),
        ("uint32", "expiry"),
        ("uint40", "nonce"),
        ("uint32[]", "prices"),
        ("uint32[]", "sizes"),
    ],
    "Cancel": [("uint32", "account"), ("uint40", "nonce")],
    "Report": [("uint16", "market"), ("uint32", "price"), ("uint32", "time")],
    "Withdrawal": [
        ("uint32", "account"),
        ("address", "recipient"),
        ("uint256", "amount"),
        ("uint64", "nonce"),
        ("uint256", "deadline"),
    ],
}
FILE = Path(__file__).with_name("digests.json")


def digest(kind: str, fields: dict[str, Any], chain_id: int, contract: str) -> str:
    """Digest of one message, by eth-account."""
    signable: SignableMessage = encode_typed_data(
        domain_data={
            "name": "Penstock",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        message_types={kind: [{"type": type, "name": name} for type, name in TYPES[kind]]},
        message_data=fields,
    )
    return "0x" + keccak(b"\x19" + signable.version + signable.header + signable.body).hex()


def draw(kind: str, rng: random.Random) -> dict[str, Any]:
    """Random fields of one message, extreme values among them."""
    levels = rng.randint(1, 255) if kind == "Ladder" else 0
    return {name: _value(type, levels, rng) for type, name in TYPES[kind]}


def _value(type: str, levels: int, rng: random.Random) -> Any:
    if type.endswith("[]"):
        return [_value(type[:-2], levels, rng) for _ in range(levels)]
    if type == "bool":
        return rng.random() < 0.5
    if type == "address":
        return f"0x{rng.getrandbits(160):040x}"
    top = 2 ** int(type.removeprefix("uint")) - 1
    return rng.choice([0, 1, top, rng.randint(0, top), rng.randint(0, top)])


def main() -> None:
    """Write 24 vectors of each kind."""
    rng = random.Random("penstock")
    vectors = []
    for kind in TYPES:
        for _ in range(24):
            chain_id = rng.choice([1, 10, 8453, 31337, rng.randint(1, 2**63)])
            contract = f"0x{rng.getrandbits(160):040x}"
            fields = draw(kind, rng)
            vectors.append(
                {
                    "kind": kind,
                    "chainId": chain_id,
                    "contract": contract,
                    "fields": fields,
                    "digest": digest(kind, fields, chain_id, contract),
                }
            )
    lines = ",\n".join(json.dumps(vector) for vector in vectors)
    FILE.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
