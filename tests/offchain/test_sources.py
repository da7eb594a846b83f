"""What no contract may contain, read from its source.

ADM-10  a way to lend somebody else's authority
ADM-12  another behaviour on another chain
"""

import re
from collections.abc import Iterator
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
LENDING = re.compile(
    r"\.delegatecall|\.callcode|selfdestruct|tx\.origin|Multicall|ERC2771|isValidSignature"
    r"|SignatureChecker|IERC1271"
)
CHAIN = re.compile(r"\bchain\.?id\b", re.IGNORECASE)
DOMAIN = "positions/SignedDomain.sol"
WALLETS = {"exits/SignedRequests.sol": {"SignatureChecker", "isValidSignature"}}
"""Who asks a contract whether it signed: the desk, an account's owner, and nobody else."""


def code() -> Iterator[tuple[str, str]]:
    """Place and code of each contract of our own, comments left out."""
    for path in sorted(CONTRACTS.rglob("*.sol")):
        place = path.relative_to(CONTRACTS)
        if place.parts[0] not in (".cache", "mocks"):
            yield place.as_posix(), re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)


def test_adm_12__chain_id__is_read_by_the_domain_separator_alone() -> None:
    assert {place for place, text in code() if CHAIN.search(text)} == {DOMAIN}


def test_adm_12__domain_separator__only_compares_the_chain_it_was_made_on_with_this_one() -> None:
    text = dict(code())[DOMAIN]
    lines = [line.strip() for line in text.splitlines() if "block.chainid" in line]
    assert lines == [
        "uint256 private immutable CHAIN_ID = block.chainid;",
        "return block.chainid == CHAIN_ID ? SEPARATOR : _separator();",
        "return keccak256("
        "abi.encode(TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));",
    ]


def test_adm_10__no_contract__lends_somebody_else_s_authority() -> None:
    found = {place: set(LENDING.findall(text)) for place, text in code() if LENDING.search(text)}
    assert found == WALLETS


def test_governed__no_contract__has_an_owner_of_its_own() -> None:
    assert [place for place, text in code() if re.search(r"Ownable|onlyOwner\b", text)] == []
