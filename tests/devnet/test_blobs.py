"""Blobs: bytes in them and back, and a devnet whose batches are blobs.

codec       what goes in comes back · one way to write it · everything else has a name
devnet      every hash equal from L1 alone · after a reorg, a snapshot, a file · costs to the wei
inbox       a malformed blob, a stranger's and one of no batch change nothing
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.devnet import Config, Devnet, Key
from penstock.devnet import blobs as blobs_module
from penstock.devnet.accounts import BlobTransaction, transaction_hash, with_blobs
from penstock.devnet.batch import HEAD, Channel, Sequenced, pack, unpack
from penstock.devnet.blobs import (
    MOST,
    SIZE,
    USABLE,
    from_blob,
    prove,
    sidecars,
    to_blob,
    versioned_hash,
)
from penstock.devnet.errors import (
    BlobFormatError,
    BlobSizeError,
    ConfigError,
    TrustedSetupError,
)
from penstock.devnet.hashing import hexed, raw
from tests.devnet.world import check_verified, landed, noise


@pytest.fixture(scope="module")
def blob_session() -> Iterator[Devnet]:
    """A devnet that posts blobs, for this module."""
    with Devnet.start(Config(data="blobs", accounts=2, history=2_000)) as net:
        yield net


@pytest.fixture
def net(blob_session: Devnet) -> Iterator[Devnet]:
    """The same, turned back after the test."""
    mark = blob_session.snapshot()
    yield blob_session
    blob_session.revert(mark)


def fill(net: Devnet, key: Key, count: int) -> None:
    """One L2 block with so many transactions of 64,000 bytes that nothing compresses."""
    base = net.l2.nonce(key.address)
    for place in range(count):
        data = noise(2_000, base + place)
        net.l2.send(key, key.address, data, gas=3_000_000, nonce=base + place)
    net.step()


def post(net: Devnet, key: Key, blobs: Sequence[bytes]) -> str:
    """Put blobs into the inbox with any key; the hash of their transaction, which is mined."""
    sidecar = prove(blobs)
    caps = 10 * net.l1.base_fee(), net.l1.blob_fee()
    inbox, nonce = net.node.rollup.inbox, net.l1.nonce(key.address)
    signed = BlobTransaction(net.l1.chain_id, nonce, inbox, sidecar.hashes, *caps).sign(key)
    net.l1.rpc.call("eth_sendRawTransaction", hexed(with_blobs(signed, sidecar)))
    net.sync()
    assert landed(net.l1, transaction_hash(signed)).succeeded
    return transaction_hash(signed)


def restarted(net: Devnet, path: Path) -> Devnet:
    """The same devnet from a file."""
    net.dump(path)
    return Devnet.load(path)


@given(st.binary(max_size=400), st.sampled_from([0, 1, 26, 27, 28, 31, 58, 59, USABLE - 400]))
@example(b"", 0)
@example(b"\0", USABLE - 1)
@example(b"\xff" * 400, USABLE - 400)
def test_from_blob__of_what_was_written__is_the_same(end: bytes, before: int) -> None:
    data = b"\xff" * before + end
    blob = to_blob(data)
    assert len(blob) == SIZE
    assert from_blob(blob) == data


@given(st.integers(0, SIZE - 1), st.integers(1, 255))
def test_from_blob__with_any_byte_changed__is_refused_or_other_data(at: int, by: int) -> None:
    blob = to_blob(b"\1" * 1_000)
    changed = blob[:at] + bytes([blob[at] ^ by]) + blob[at + 1 :]
    try:
        found = from_blob(changed)
    except BlobFormatError:
        return
    assert found != b"\1" * 1_000
    assert to_blob(found) == changed


def test_to_blob__of_one_byte_too_many__names_both_sizes() -> None:
    with pytest.raises(BlobSizeError) as caught:
        to_blob(bytes(USABLE + 1))
    assert (caught.value.size, caught.value.most) == (USABLE + 1, USABLE)
    assert USABLE == 126_972


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (b"", "0 bytes instead of 131072"),
        (bytes(SIZE + 1), "131073 bytes instead of"),
        (bytes(64) + b"\7" + bytes(SIZE - 65), "element 2 begins with 7"),
        (b"\0\xff" + bytes(SIZE - 2), "claims 4278190080 bytes, 126972 at most"),
        (bytes(SIZE - 1) + b"\1", "0 bytes are not followed by zeros"),
    ],
    ids=["none", "long", "element", "length", "rest"],
)
def test_from_blob__of_what_nobody_wrote_so__says_what_is_wrong(blob: bytes, words: str) -> None:
    with pytest.raises(BlobFormatError, match=words):
        from_blob(blob)


def test_sidecars__of_more_frames_than_a_transaction_takes__are_several() -> None:
    frames = [bytes([n]) * 10 for n in range(MOST + 1)]
    found = list(sidecars(frames))
    assert [len(one.blobs) for one in found] == [MOST, 1]
    assert [from_blob(blob) for one in found for blob in one.blobs] == frames


def test_versioned_hash__of_the_empty_blob__is_ethereums() -> None:
    (empty,) = prove([to_blob(b"")]).commitments
    assert empty == b"\xc0" + bytes(47)
    expected = "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    assert versioned_hash(empty).hex() == expected


def test_prove__of_an_element_above_the_modulus__is_refused_by_name() -> None:
    with pytest.raises(BlobFormatError, match="nothing can commit to it"):
        prove([b"\xff" * SIZE])


def test_prove__without_the_trusted_setup__says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blobs_module._setup.cache_clear()
    monkeypatch.setattr(blobs_module, "_SETUP", Path("nowhere.txt"))
    with pytest.raises(TrustedSetupError, match=r"nowhere\.txt"):
        prove([to_blob(b"")])


def test_pack__for_blobs__fills_each_of_them_and_comes_back() -> None:
    channel = Channel(1, bytes(8), (Sequenced(1, 0, (noise(10_000),)),))
    frames = pack(channel, USABLE - HEAD)
    assert [len(frame) for frame in frames[:-1]] == [USABLE] * (len(frames) - 1)
    assert list(unpack(from_blob(to_blob(frame)) for frame in frames)) == [channel]


def test_config__with_another_word_for_the_data__names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"calldata.*blobs"):
        Config(data="blob").check()  # type: ignore[arg-type]


def test_batch__as_a_blob__is_one_frame_in_a_transaction_without_calldata(net: Devnet) -> None:
    net.sync()
    posting = net.node.state.postings[-1]
    sent = net.l1.rpc.call("eth_getTransactionByHash", posting.hashes[0])
    assert (sent["type"], sent["input"]) == ("0x3", "0x")
    assert (sent["from"], sent["to"]) == (net.node.rollup.batcher, net.node.rollup.inbox)
    (blob,) = net.l1.rpc.call("anvil_getBlobsByTransactionHash", posting.hashes[0])
    assert len(from_blob(raw(blob))) == posting.size
    check_verified(net)


def test_verify__of_a_batch_larger_than_one_blob__agrees_block_by_block(net: Devnet) -> None:
    fill(net, net.accounts[0], 3)
    net.sync()
    posting = max(net.node.state.postings, key=lambda one: one.size)
    assert USABLE < posting.size < 2 * USABLE
    assert (len(posting.hashes), posting.blob_gas) == (1, 2 * SIZE)
    check_verified(net)


def test_batcher__after_a_pause__posts_no_more_at_once_than_l1_has_room_for(net: Devnet) -> None:
    net.batcher.pause()
    for _ in range(3):
        fill(net, net.accounts[0], 6)
    net.batcher.resume()
    waiting = net.blocks[-1].number
    while net.safe < waiting:
        net.sync()
    assert max(posting.blob_gas for posting in net.node.state.postings) <= MOST * SIZE
    assert len([p for p in net.node.state.postings if p.transactions]) == 3
    check_verified(net)


def test_batcher__with_l1_full_of_other_blobs__posts_again_in_a_later_block(net: Devnet) -> None:
    net.sync()
    fill(net, net.accounts[1], 9)
    large = net.blocks[-1].number
    post(net, net.accounts[0], [to_blob(b"first come")] * MOST)
    assert net.node.state.posted < large
    net.sync()
    assert net.safe >= large
    check_verified(net)


def test_l1_reorg__of_posted_blobs__posts_their_blocks_again(net: Devnet) -> None:
    fill(net, net.accounts[0], 3)
    net.sync()
    lost = net.node.state.postings[-1].hashes
    net.l1_reorg(1)
    assert lost[0] not in {hash for p in net.node.state.postings for hash in p.hashes}
    check_verified(net)


def test_revert__of_posted_blobs__lets_others_take_their_place(net: Devnet) -> None:
    mark = net.snapshot()
    fill(net, net.accounts[0], 3)
    net.sync()
    net.revert(mark)
    net.l2.send(net.accounts[1], net.accounts[0].address, value=1)
    net.step()
    check_verified(net)


def test_load__of_a_devnet_with_blobs__verifies_all_and_posts_blobs_again(
    net: Devnet, tmp_path: Path
) -> None:
    fill(net, net.accounts[0], 3)
    net.sync()
    with restarted(net, tmp_path / "saved.json") as other:
        known = len(other.node.state.postings)
        other.l2.send(other.accounts[1], other.accounts[0].address, value=1)
        other.step()
        check_verified(other)
        assert all(posting.blob_gas == SIZE for posting in other.node.state.postings[known:])
        other.l1_reorg(1)
        check_verified(other)


def test_costs__of_blobs__are_what_the_batcher_lost_to_the_wei(net: Devnet) -> None:
    batcher = net.node.batcher.party.key.address
    known, purse = net.costs(), net.l1.balance(batcher)
    fill(net, net.accounts[0], 3)
    net.sync()
    found = net.costs()
    fresh = found.batches[len(known.batches) :]
    assert found.paid - known.paid == purse - net.l1.balance(batcher)
    price = net.config.l1_base_fee.at(0)
    assert [b.paid for b in fresh] == [b.gas * price + b.blob_gas for b in fresh]
    assert {batch.gas for batch in fresh} == {21_000}
    assert sum(b.blob_gas for b in fresh) == found.blob_gas - known.blob_gas
    assert found.gas_per_byte < 1


def test_verify__with_a_malformed_blob_in_the_inbox__ignores_it_with_a_reason(
    net: Devnet,
) -> None:
    batcher = net.node.batcher.party
    post(net, batcher.key, [b"\1" * SIZE, to_blob(b"\7 no version")])
    batcher.resync()
    net.sync()
    net.sync()
    report = net.verify()
    assert report.agrees
    assert report.blocks == net.safe
    assert ["malformed" in words for words in report.ignored] == [True, False]
    assert "element 0 begins with 1" in report.ignored[0]


def test_verify__with_a_strangers_blob_in_the_inbox__does_not_see_it(net: Devnet) -> None:
    post(net, net.accounts[0], [b"\1" * SIZE])
    check_verified(net)
