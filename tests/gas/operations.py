"""Gas of every operation that somebody pays for, and the size of every contract."""

from benchmarks import desk, escape, exits, liquidations
from benchmarks.gas import Cases, accrue_after
from benchmarks.node import GOVERNOR, TRADER, Site, site
from penstock.system import CONTRACTS

Table = dict[str, dict[str, int]]
SIZES = (10, 100)


def measure() -> Table:
    """Run each operation on nodes of their own, as fixed sequences."""
    with site() as venue:
        cases = Cases(venue)
        cases.warm_up()
        gas = _settlement(cases) | _accounts(venue, cases) | _prices(venue)
        code = _bytecode(venue)
    gas |= _liquidations() | exits.measure() | desk.measure() | escape.measure()
    return {"gas": gas, "bytecode": code}


def _settlement(cases: Cases) -> dict[str, int]:
    gas = {"settle: a single fill": round(cases.unique(1).gas)}
    for fills in SIZES:
        gas[f"settle: {fills} fills, all orders unique"] = round(cases.unique(fills).gas * fills)
        gas[f"settle: {fills} fills, 10 orders swept"] = round(cases.swept(fills).gas * fills)
        gas[f"settle: {fills} fills, new accounts"] = round(cases.newcomers(fills).gas * fills)
    gas["settle: 100 fills, a maker beyond the first tier"] = round(cases.large(100).gas * 100)
    return gas


def _accounts(venue: Site, cases: Cases) -> dict[str, int]:
    (fresh,) = venue.open_accounts(1)
    signer = "0x" + venue.keys[fresh].address.hex()
    trader, quoter = (fresh, TRADER), cases.quoters[1]
    gas = {
        "register": venue.call("PerpPositions", "register", signer).gas,
        "setSigner": venue.call("PerpPositions", "setSigner", fresh, signer).gas,
        "deposit": venue.call("PerpPositions", "deposit", fresh, 10**9).gas,
        "cancel: a new slot": venue.call("PerpPositions", "cancel", fresh, [1]).gas,
        "cancel: four slots of one word": venue.call(
            "PerpPositions", "cancel", fresh, [slot << 32 | 2 for slot in range(4)]
        ).gas,
        "cancelAll": venue.call("PerpPositions", "cancelAll", fresh, 9, 9).gas,
        "requestWithdrawal: no positions": venue.call(
            "PerpPositions", "requestWithdrawal", *trader, 10**6, []
        ).gas,
        "requestWithdrawal: two positions": venue.call(
            "PerpPositions", "requestWithdrawal", quoter, TRADER, 10**6, [1, 2]
        ).gas,
        "collectFees": venue.call("PerpPositions", "collectFees", 1).gas,
    }
    venue.anvil.warp(venue.anvil.time() + 300)
    return gas | {"release: two tickets": venue.call("CollateralVault", "release", 2).gas}


def _prices(venue: Site) -> dict[str, int]:
    gas = {"post: three reports": venue.post(1, 50_001).gas}
    gas["refresh: one market"] = venue.call("FundingIndex", "refresh", [1]).gas
    gas["accrue: a period due"] = accrue_after(venue, 1)
    gas["accrue: nothing due"] = venue.call("FundingIndex", "accrue", 1).gas
    gas["accrue: 1,000 periods due"] = accrue_after(venue, 1_000)
    gas["beat"] = venue.call("SequencerWatch", "beat").gas
    gas["post: five reports, quorum of five"] = venue.post_five(1, 50_001).gas
    gas["pause: one market"] = venue.call("FundingIndex", "pause", [1], sender=GOVERNOR).gas
    margins = (1, 600, 300)
    timelock = venue.system.timelock
    gas["setMargins"] = venue.call("FundingIndex", "setMargins", *margins, sender=timelock).gas
    return gas


def _liquidations() -> dict[str, int]:
    fills, gas = liquidations.measure()
    return {"settle: 100 fills, 20 of them liquidations": fills.batch} | gas


def _bytecode(venue: Site) -> dict[str, int]:
    # The token is somebody else's.
    places = {name: getattr(venue.system, name) for name in CONTRACTS if name != "token"}
    codes = {name: venue.anvil.rpc.call("eth_getCode", at, "latest") for name, at in places.items()}
    return {name: len(code) // 2 - 1 for name, code in codes.items()}
