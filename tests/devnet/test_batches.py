"""Batches: bytes on L1 from which anybody rebuilds L2, and what is not a batch.

codec       any channel comes back · damaged bytes are no batch, never a crash
batcher     safe head · pause · many frames
verifier    every hash equal · a cheat is found · junk in the inbox is ignored
"""

from hypothesis import given
from hypothesis import strategies as st

from penstock.devnet import ETHER, Devnet, Key
from penstock.devnet.accounts import role
from penstock.devnet.batch import PIECE, Channel, Forced, Sequenced, pack, unpack
from penstock.devnet.errors import BatchFormatError
from penstock.devnet.hashing import hexed
from tests.devnet.test_sequencer import send, transfer
from tests.devnet.world import check_verified, landed, noise

numbers = st.integers(0, 2**40)
entries = st.one_of(
    st.builds(Forced, st.integers(0, 2**20)),
    st.builds(Sequenced, numbers, st.integers(0, 1), st.lists(st.binary(max_size=300)).map(tuple)),
)
channels = st.builds(
    Channel, numbers, st.binary(min_size=8, max_size=8), st.lists(entries, max_size=20).map(tuple)
)


@given(channels)
def test_unpack__of_what_was_packed__is_the_same(channel: Channel) -> None:
    assert list(unpack(pack(channel))) == [channel]


@given(channels, channels)
def test_unpack__frames_of_two_channels_mixed__are_told_apart(one: Channel, two: Channel) -> None:
    found = list(unpack([*pack(one), *pack(two)]))
    assert found == [one, two]


@given(st.lists(st.binary(max_size=60)))
def test_unpack__of_any_bytes__never_fails(frames: list[bytes]) -> None:
    for found in unpack(frames):
        assert isinstance(found, BatchFormatError | Channel)


@given(channels, st.data())
def test_unpack__of_damaged_bytes__is_no_batch(channel: Channel, data: st.DataObject) -> None:
    (frame,) = pack(channel)
    place = data.draw(st.integers(13, len(frame) - 1))
    damaged = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]
    (found,) = unpack([damaged])
    assert isinstance(found, BatchFormatError)


def test_pack__more_than_one_transaction_holds__is_split_and_joined() -> None:
    channel = Channel(1, bytes(8), (Sequenced(1, 0, (noise(10_000),)),))
    frames = pack(channel)
    assert [len(frame) <= PIECE + 13 for frame in frames] == [True] * 3
    assert list(unpack(frames)) == [channel]
    assert list(unpack(reversed(frames))) == [channel]


def test_batcher__after_each_l1_block__has_posted_all_before_it(devnet: Devnet) -> None:
    devnet.step(9)
    postings = devnet.node.state.postings
    assert [p.first for p in postings[1:]] == [p.last + 1 for p in postings[:-1]]
    assert devnet.blocks[-1].number - devnet.safe <= 2
    check_verified(devnet)


def test_pause__of_the_batcher__freezes_the_safe_head_and_the_outputs(
    devnet: Devnet, alice: Key
) -> None:
    devnet.sync()
    devnet.batcher.pause()
    safe = devnet.safe
    devnet.deposit_eth(alice, 1)
    found = devnet.withdrawal(devnet.withdraw_eth(alice, 1))
    devnet.step(20)
    assert devnet.safe == safe
    assert found.status == "waiting"
    devnet.batcher.resume()
    devnet.step(20)
    assert found.status == "provable"
    check_verified(devnet)


def test_batcher__with_many_transactions__posts_several_frames_that_verify(
    devnet: Devnet, alice: Key
) -> None:
    base = devnet.l2.nonce(alice.address)
    for place in range(4):
        data = noise(1_000, place)
        devnet.l2.send(alice, alice.address, data, gas=2_500_000, nonce=base + place)
    devnet.step()
    check_verified(devnet)
    assert max(len(posting.hashes) for posting in devnet.node.state.postings) == 2


def test_verify__after_transfers_deposits_and_an_outage__agrees_block_by_block(
    devnet: Devnet, alice: Key, bob: Key
) -> None:
    for key in (alice, bob):
        send(devnet, transfer(devnet, key))
        devnet.deposit_eth(key, ETHER)
    devnet.sequencer.pause()
    devnet.deposit_eth(alice, 1)
    devnet.sequencer.resume()
    check_verified(devnet)


def test_verify__after_a_cheat_on_l2__names_the_first_block_that_differs(
    devnet: Devnet, bob: Key
) -> None:
    devnet.sync()
    devnet.l2.rpc.call("anvil_setBalance", "0x" + "13" * 20, hex(ETHER))
    devnet.sync()
    devnet.sync()
    report = devnet.verify()
    assert not report.agrees
    assert report.difference is not None
    assert "the node has" in report.detail
    assert report.difference == report.blocks


def test_step__an_impersonated_transaction__is_dropped_because_nobody_could_post_it(
    devnet: Devnet, alice: Key
) -> None:
    stranger = "0x" + "31" * 20
    devnet.force(alice, stranger, mint=ETHER, value=ETHER)
    devnet.l2.rpc.call("anvil_impersonateAccount", stranger)
    question = {"from": stranger, "to": alice.address, "value": "0x1", "gas": "0x186a0"}
    sent = devnet.l2.rpc.call("eth_sendTransaction", question)
    devnet.step()
    assert devnet.node.state.dropped == {sent: "Failed to recover the signer"}
    check_verified(devnet)


def test_verify__with_junk_in_the_inbox__ignores_it_with_a_reason(
    devnet: Devnet, alice: Key
) -> None:
    node = devnet.node
    devnet.l1.send(alice, node.rollup.inbox, b"\1 not the batcher", gas=100_000)
    node.batcher.party.send(node.rollup.inbox, b"\7 no version", 100_000, node.next_time())
    stale = pack(Channel(1, bytes(8), (Forced(1),)))[0]
    node.batcher.party.send(node.rollup.inbox, stale, 100_000, node.next_time())
    devnet.sync()
    devnet.sync()
    report = devnet.verify()
    assert report.agrees
    assert [words.split(" ")[0] for words in report.ignored] == ["posted", "a"]


def test_batch__on_l1__comes_from_the_batcher_alone_to_the_inbox(devnet: Devnet) -> None:
    devnet.sync()
    posting = devnet.node.state.postings[-1]
    sent = devnet.l1.rpc.call("eth_getTransactionByHash", posting.hashes[0])
    assert sent["from"] == role("batcher").address
    assert sent["to"] == devnet.node.rollup.inbox
    assert landed(devnet.l1, posting.hashes[0]).gas == posting.gas
    assert hexed(b"\1") == sent["input"][:4]
