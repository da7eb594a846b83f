"""The client's own promises: batches, typed errors, transactions that a node understands.

rpc
├── nobody there                        names the url and what to do
├── method unknown                      the node's own words
├── call undone                         the contract's error and values
└── connection dropped                  opened again
transaction
├── EIP-1559, legacy                    signed as eth-account signs
└── undone                              the contract's error and values, nonce in step
anvil
├── port taken, anvil missing           named
└── left by an exception                ended
"""

import shutil
import socket
from pathlib import Path

import pytest
from eth_account import Account

from penstock.anvil import Anvil, AnvilMissingError, PortTakenError
from penstock.artifacts import ContractRevert
from penstock.console import Session
from penstock.rpc import NodeRefusedError, NodeUnreachableError, Rpc
from penstock.sender import Sender
from penstock.signing import Signer, keccak
from penstock.transactions import Fees, Transaction, sign, transaction_hash

SECRET = keccak(b"a key of this test")
TO = "0x" + "12" * 20


def test_call__nobody_there__names_the_url() -> None:
    with pytest.raises(NodeUnreachableError, match=r"no node answers at http://127\.0\.0\.1:9 "):
        Rpc("http://127.0.0.1:9").call("eth_chainId")


def test_call__not_a_url__says_what_one_looks_like() -> None:
    with pytest.raises(NodeUnreachableError, match="a url looks like"):
        Rpc("localhost:8545")


def test_call__unknown_method__is_refused_by_name(anvil: Anvil) -> None:
    with pytest.raises(NodeRefusedError) as caught:
        anvil.rpc.call("eth_nonsense")
    assert (caught.value.method, caught.value.code) == ("eth_nonsense", -32601)


def test_batch__many_questions__answers_in_their_order(anvil: Anvil) -> None:
    asked = [("eth_chainId", ()), ("eth_blockNumber", ()), ("eth_chainId", ())]
    assert anvil.rpc.batch(asked) == ["0x7a69", "0x0", "0x7a69"]
    assert anvil.rpc.batch([]) == []


def test_call__connection_dropped__is_opened_again(anvil: Anvil) -> None:
    assert anvil.rpc.call("eth_blockNumber") == "0x0"
    anvil.rpc.close()
    assert anvil.rpc.call("eth_blockNumber") == "0x0"


def test_ask__contract_undoes_it__error_and_values(session: Session) -> None:
    with pytest.raises(ContractRevert) as caught:
        session.devnet.remote.positions.ask("simulate", bytes(5) + b"\x07" + bytes(13))
    assert (caught.value.name, caught.value.arguments) == ("Batch_NumberWrong", (7, 1))


def test_transact__contract_undoes_it__error_and_values_and_nonce(session: Session) -> None:
    alice, positions = session.traders[0].owner, session.devnet.remote.positions
    for _ in range(2):
        with pytest.raises(ContractRevert) as caught:
            positions.transact(alice, "setSigner", 2, alice.address)
        assert caught.value.name == "Account_CallerNotOwner"
        assert caught.value.arguments == (2, alice.address, session.traders[1].owner.address)
    assert positions.transact(alice, "setSigner", 1, alice.address).succeeded


@pytest.mark.parametrize("legacy", [False, True])
def test_sign__transaction__as_eth_account_signs_it(legacy: bool) -> None:
    transaction = Transaction(31_337, 5, 90_000, bytes.fromhex(TO[2:]), b"\x01\x02", 7)
    raw = sign(transaction, Fees(cap=3, tip=1, legacy=legacy), Signer(SECRET))
    price = {"gasPrice": 3} if legacy else {"maxFeePerGas": 3, "maxPriorityFeePerGas": 1}
    named = {"chainId": 31_337, "nonce": 5, "gas": 90_000, "to": TO, "data": "0x0102", "value": 7}
    theirs = Account.sign_transaction({**named, **price}, SECRET)
    assert raw == bytes(theirs.raw_transaction)
    assert transaction_hash(raw) == "0x" + bytes(theirs.hash).hex()


@pytest.mark.parametrize("legacy", [False, True])
def test_send__either_kind__is_mined(anvil: Anvil, legacy: bool) -> None:
    signer = Signer(SECRET)
    anvil.fund("0x" + signer.address.hex())
    sender = Sender(anvil.rpc, signer, Fees(legacy=legacy))
    assert sender.transact(TO, b"", 21_000).gas == 21_000
    assert sender.nonce == 1


def test_anvil__port_taken__is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(PortTakenError, match="choose another port"),
            Anvil(taken.getsockname()[1]),
        ):
            pass


def test_anvil__missing__says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(AnvilMissingError, match="make setup"), Anvil():
        pass


def test_anvil__left_by_an_exception__is_ended() -> None:
    def leave(anvil: Anvil) -> None:
        with anvil:
            pids.append(anvil.pid)
            raise KeyError

    pids: list[int | None] = []
    with pytest.raises(KeyError):
        leave(Anvil())
    assert not Path(f"/proc/{pids[0]}").exists()
