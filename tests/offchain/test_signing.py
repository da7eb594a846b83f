"""penstock.signing: digests as another program computes them, signatures as the chain reads them.

digests
├── pinned vectors, made by eth-account
└── a thousand random messages, compared with eth-account
signatures
├── recover the signer, whatever is signed
├── are those of eth-account in compact form
└── of wrong length or without a key: SignatureError
"""

import json
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import AddressError, BackendError, KeyFormatError, RangeError, SignatureError
from penstock.messages import Cancel, Ladder, Order, Report, Withdrawal
from penstock.signing import Domain, Signer, check_backend, keccak, recover
from tests.vectors.make import TYPES, digest
from tests.vectors.signatures import N, compact, high, parities, points, refused

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "digests.json").read_text())
CLASSES: dict[str, Any] = {
    "Order": Order,
    "Ladder": Ladder,
    "Cancel": Cancel,
    "Report": Report,
    "Withdrawal": Withdrawal,
}
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

secrets = st.integers(1, CURVE_ORDER - 1).map(lambda n: n.to_bytes(32, "big"))
digests = st.binary(min_size=32, max_size=32)
contracts = st.binary(min_size=20, max_size=20)


def ours(kind: str, fields: dict[str, Any], chain_id: int, contract: str) -> str:
    message = msgspec.convert(fields, CLASSES[kind])
    method = getattr(Domain(chain_id, contract), f"{kind.lower()}_digest")
    found: bytes = method(message)
    return "0x" + found.hex()


def values(type: str, levels: int) -> st.SearchStrategy[Any]:
    if type.endswith("[]"):
        return st.lists(values(type[:-2], 0), min_size=levels, max_size=levels)
    if type == "bool":
        return st.booleans()
    if type == "address":
        return contracts.map(lambda raw: "0x" + raw.hex())
    return st.integers(0, 2 ** int(type.removeprefix("uint")) - 1)


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(sorted(TYPES)))
    levels = draw(st.integers(1, 8))
    return kind, {name: draw(values(type, levels)) for type, name in TYPES[kind]}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['kind']}-{v['digest'][2:8]}")
def test_digest__pinned_vector__is_equal(vector: dict[str, Any]) -> None:
    found = ours(vector["kind"], vector["fields"], vector["chainId"], vector["contract"])
    assert found == vector["digest"]


@given(messages(), st.integers(1, 2**63), contracts)
@settings(max_examples=1000, deadline=None)
def test_digest__random_message__is_what_eth_account_finds(
    message: tuple[str, dict[str, Any]], chain_id: int, contract: bytes
) -> None:
    kind, fields = message
    address = "0x" + contract.hex()
    assert ours(kind, fields, chain_id, address) == digest(kind, fields, chain_id, address)


@given(secrets, digests)
@settings(deadline=None)
def test_recover__own_signature__is_the_signer(secret: bytes, digest: bytes) -> None:
    signer = Signer(secret)
    assert recover(digest, signer.sign(digest)) == signer.address


@given(secrets, digests)
@settings(deadline=None, max_examples=50)
def test_sign__any_digest__is_eth_accounts_signature_compacted(
    secret: bytes, digest: bytes
) -> None:
    theirs = Account.unsafe_sign_hash(digest, secret)
    vs = theirs.s | (theirs.v - 27) << 255
    assert Signer(secret).sign(digest) == theirs.r.to_bytes(32, "big") + vs.to_bytes(32, "big")
    assert Signer(secret).address.hex() == Account.from_key(secret).address[2:].lower()


@given(secrets, digests, st.integers(0, 511))
@settings(deadline=None)
def test_recover__one_bit_changed__is_never_the_signer(
    secret: bytes, digest: bytes, bit: int
) -> None:
    signer = Signer(secret)
    flipped = int.from_bytes(signer.sign(digest), "big") ^ 1 << bit
    with suppress(SignatureError):
        assert recover(digest, flipped.to_bytes(64, "big")) != signer.address


@given(st.binary(max_size=130).filter(lambda b: len(b) != 64))
def test_recover__wrong_length__raises(signature: bytes) -> None:
    with pytest.raises(SignatureError, match="64 bytes"):
        recover(bytes(32), signature)


@given(points, high, parities, st.binary(min_size=32, max_size=32))
def test_sig_4__high_s_twin__recovers_the_same_signer(
    r: int, s: int, parity: int, digest: bytes
) -> None:
    twin = compact(r, N - s, 1 - parity)
    assert recover(digest, compact(r, s, parity)) == recover(digest, twin)


@given(refused, st.binary(min_size=32, max_size=32))
def test_sig_4__r_or_s_out_of_range__raises(signature: bytes, digest: bytes) -> None:
    with pytest.raises(SignatureError, match="no public key"):
        recover(digest, signature)


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64])
def test_recover__no_point_on_the_curve__raises(signature: bytes) -> None:
    with pytest.raises(SignatureError, match="no public key"):
        recover(bytes(32), signature)


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_signer__not_a_key__raises_without_repeating_it(secret: bytes) -> None:
    with pytest.raises(KeyFormatError) as caught:
        Signer(secret)
    assert not secret or secret.hex() not in str(caught.value)


def test_signer__shown__hides_the_secret() -> None:
    assert repr(Signer(b"\x01" * 32)) == "Signer(0x1a642f0e3c3af545e7acbd38b07251b3990914f1)"


def test_domain__bad_address_or_chain__raises() -> None:
    with pytest.raises(AddressError, match="contract"):
        Domain(1, "0x1234")
    with pytest.raises(AddressError, match="contract"):
        Domain(1, "0x" + "zz" * 20)
    with pytest.raises(RangeError, match="chain id"):
        Domain(0, bytes(20))


@given(messages(), contracts, contracts)
@settings(deadline=None)
def test_digest__other_contract_or_chain__differs(
    message: tuple[str, dict[str, Any]], one: bytes, other: bytes
) -> None:
    kind, fields = message
    first = ours(kind, fields, 1, one.hex())
    assert ours(kind, fields, 2, one.hex()) != first
    assert one == other or ours(kind, fields, 1, other.hex()) != first


def test_sign_order__any_signed_message__recovers_under_its_domain() -> None:
    domain, signer = Domain(31337, bytes(19) + b"\x01"), Signer(b"\x07" * 32)
    order = Order(1, 1, True, False, False, False, 10, 5, 9, 1)
    ladder = Ladder(1, 1, True, False, False, 9, 1, (10, 11), (5, 6))
    signed = signer.sign_ladder(domain, ladder)
    pairs = [
        (domain.order_digest(order), signer.sign_order(domain, order).signature),
        (domain.ladder_digest(ladder), signed.signature),
        (domain.ladder_digest(ladder), signed.levels()[1].signature),
        (
            domain.cancel_digest(Cancel(1, 1)),
            signer.sign_cancel(domain, Cancel(1, 1)).signature,
        ),
        (
            domain.report_digest(Report(1, 9, 9)),
            signer.sign_report(domain, Report(1, 9, 9)).signature,
        ),
    ]
    assert {recover(digest, signature) for digest, signature in pairs} == {signer.address}


def test_keccak__empty__is_the_known_hash() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_check_backend__not_native__raises() -> None:
    with pytest.raises(BackendError, match="not a compiled module"):
        check_backend(SimpleNamespace(__file__="fallback.py"))
    with pytest.raises(BackendError, match="without recovery"):
        check_backend(SimpleNamespace(__file__="lib.so", lib=SimpleNamespace()))
    check_backend()
