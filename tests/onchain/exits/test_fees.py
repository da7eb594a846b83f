"""What forced requests cost, and who has it: requestFee, pressure, creditOf, collect

fee ........................ base · 2^(requests of late / 32), along a line in between, up to
                             the cap; as the model says to the last wei
pressure ................... half of it is forgotten in an hour
what was paid beyond it .... a credit of who paid
collect
  without credit ........... Desk_NothingToCollect
  the recipient refuses .... Desk_PaymentFailed
  otherwise ................ once, whatever the recipient does meanwhile
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from penstock.artifacts import ContractRevert
from penstock.deploy import check_parameters
from penstock.errors import RangeError
from penstock.exits import DOUBLING, HALF_LIFE, ONE, decayed, fee_of
from tests.helpers.exits import (
    collect,
    compare_exits,
    execute_withdrawal,
    force_withdrawal,
    number,
    pass_window,
)
from tests.helpers.revm import reverts
from tests.helpers.twin import DONE, OWNER, undoing
from tests.helpers.venue import OPERATOR, PARAMETERS, STRANGER
from tests.onchain.settlement.desk import Desk

PRESSURES = st.integers(0, 2**60)
FEES = st.integers(1, 10**18)


@given(gaps=st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
@undoing
def test_request_fee__requests_at_any_times__as_the_model_says(desk: Desk, gaps: list[int]) -> None:
    for gap in gaps:
        desk.chain.time += gap
        assert force_withdrawal(desk) is DONE
        expected = decayed(desk.exits.pressure, 0)
        assert desk.venue.desk.call("pressure") == expected
    desk.chain.time += gaps[0]
    compare_exits(desk)


@given(base=FEES, top=FEES, pressure=PRESSURES, more=st.integers(0, 2**40))
def test_fee_of__more_pressure__is_never_cheaper_and_never_beyond_the_cap(
    base: int, top: int, pressure: int, more: int
) -> None:
    base, top = min(base, top), max(base, top)
    low, high = fee_of(base, top, pressure), fee_of(base, top, pressure + more)
    assert base <= low <= high <= top


@given(base=st.integers(1, 10**14), doublings=st.integers(0, 12))
def test_fee_of__so_many_requests_more__is_twice_as_much(base: int, doublings: int) -> None:
    assert fee_of(base, 10**30, doublings * DOUBLING * ONE) == base << doublings


@given(pressure=PRESSURES, passed=st.integers(0, 10**6), more=st.integers(0, 10**5))
def test_decayed__more_time__never_more(pressure: int, passed: int, more: int) -> None:
    assert decayed(pressure, passed + more) <= decayed(pressure, passed) <= pressure
    assert decayed(pressure, HALF_LIFE) == pressure // 2


@given(excess=st.integers(1, 10**18))
@undoing
def test_collect__what_was_paid_too_much__comes_back_once(desk: Desk, excess: int) -> None:
    fee = desk.exits.fee(desk.now)
    assert force_withdrawal(desk, paid=fee + excess) is DONE
    assert collect(desk, OWNER) is DONE
    assert desk.logs[-1][1].arguments == (OWNER.address, OWNER.address, excess)
    with reverts("Desk_NothingToCollect", OWNER.address):
        desk.venue.desk.transact("collect", OWNER.address, sender=OWNER.address)
    compare_exits(desk)


@undoing
def test_collect__without_credit__reverts(desk: Desk) -> None:
    with reverts("Desk_NothingToCollect", STRANGER.address):
        desk.venue.desk.transact("collect", STRANGER.address, sender=STRANGER.address)


@undoing
def test_collect__recipient_takes_no_ether__reverts_and_keeps_the_credit(desk: Desk) -> None:
    assert force_withdrawal(desk) is DONE
    vault, contract = desk.venue.vault.address, desk.venue.desk
    credit = contract.call("creditOf", OWNER.address)
    with reverts("Desk_PaymentFailed", vault, credit):
        contract.transact("collect", vault, sender=OWNER.address)
    assert contract.call("creditOf", OWNER.address) == credit


@undoing
def test_exit_desk__ether_sent_to_it_for_nothing__is_refused(desk: Desk) -> None:
    desk.chain.evm.set_balance(STRANGER.address, 10**18)
    with pytest.raises((ContractRevert, RuntimeError)):
        desk.chain.send(STRANGER.address, desk.venue.desk.address, b"", value=1)
    assert desk.chain.evm.get_balance(desk.venue.desk.address) == 0


@pytest.mark.parametrize(("windows", "who"), [(0, OPERATOR), (1, STRANGER), (2, OWNER)])
@undoing
def test_fee__of_a_withdrawal_that_is_executed__goes_by_the_time(
    desk: Desk, windows: int, who: object
) -> None:
    assert force_withdrawal(desk, paid=desk.exits.fee(desk.now)) is DONE
    fee = desk.exits.requests[1].fee
    pass_window(desk, 1, windows)
    sender = OPERATOR if windows == 0 else STRANGER
    assert execute_withdrawal(desk, sender=sender) is DONE
    assert desk.exits.credits == {number(who): fee}  # type: ignore[arg-type]
    compare_exits(desk)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"settlement_window": 59}, RangeError),
        ({"settlement_window": 6 * 86_400 + 1}, RangeError),
        ({"request_fee": 0}, RangeError),
        ({"request_fee_cap": 10**18 + 1}, RangeError),
        ({"request_fee": 2, "request_fee_cap": 1}, RangeError),
    ],
)
def test_check_parameters__out_of_bounds__raises(
    changes: dict[str, int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        check_parameters(replace(PARAMETERS, **changes))


@pytest.mark.parametrize(
    ("window", "base", "top", "error"),
    [
        (59, 1, 1, ("Desk_WindowOutOfBounds", 59, 60, 6 * 86_400)),
        (6 * 86_400 + 1, 1, 1, ("Desk_WindowOutOfBounds", 6 * 86_400 + 1, 60, 6 * 86_400)),
        (60, 0, 1, ("Desk_FeeOutOfBounds", 0, 1, 10**18)),
        (60, 2, 1, ("Desk_FeeOutOfBounds", 2, 1, 10**18)),
        (60, 1, 10**18 + 1, ("Desk_FeeOutOfBounds", 1, 10**18 + 1, 10**18)),
        (60, 1, 1, None),
        (6 * 86_400, 10**18, 10**18, None),
    ],
)
@undoing
def test_adm_9__constructor_about_its_bounds__reverts_beyond_them(
    desk: Desk, window: int, base: int, top: int, error: tuple[object, ...] | None
) -> None:
    s = desk.venue.system
    parts = (s.positions, s.index, s.fund, s.lens)
    if error is None:
        assert desk.chain.create("ExitDesk", *parts, window, base, top)
        return
    with reverts(*error):  # type: ignore[arg-type]
        desk.chain.create("ExitDesk", *parts, window, base, top)
