"""How an exit is told: a line for a person, exact data for a program, and the page about it.

name_of ..... the latest number that it has
line_of ..... stage, money, next step, whose, when, what blocks, what is promised
forecast_of .. before asking: when, and what takes how long
data_of ..... all that is known, without what is not
Books ....... promises and payments out of events
docs ........ every command and option that they name is there
"""

import re
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from penstock.follow.cli import exit as group
from penstock.follow.facts import divide
from penstock.follow.progress import (
    Exit,
    Forced,
    Hold,
    Leg,
    Obstacle,
    Progress,
    Signed,
    Silence,
    Stage,
    Step,
    Ticket,
    Who,
)
from penstock.follow.reports import data_of, forecast_of, line_of, moment, name_of, onward
from penstock.follow.statement import Books, Owed
from penstock.remote import Log

ROOT = Path(__file__).resolve().parents[2]
T = 1_800_000_000
TICKET = Ticket(5, 1, "0xaa", 3_000_000, T + 60, "line", 1_000_000, 2, 7, T + 90, T + 70)
TOLD = (
    "ticket 5: queued, 3.000000 to 0xaa (1.000000 left), 2 ahead; next: release, by anyone, "
    "from 2027-01-15 08:01:00 UTC (in 60 s), waits for its delay, "
    "promised by 2027-01-15 08:01:30 UTC (in 90 s)"
)


def test_name_of__exit__is_the_latest_number_that_it_has() -> None:
    signed, forced = Signed(1, 255, T, is_used=False), Forced(3, 1, "pending", T, 100)
    hold = Hold(2, 1, "0xaa", 5, T)
    names = [
        name_of(Exit(1, signed=signed)),
        name_of(Exit(1, forced=forced)),
        name_of(Exit(1, forced=forced, hold=hold)),
        name_of(Exit(1, forced=forced, hold=hold, ticket=TICKET)),
        name_of(Exit(1, silence=Silence(1))),
        name_of(Exit(0, silence=Silence(0))),
    ]
    told = ["withdrawal 0xff of account 1", "request 3", "hold 2", "ticket 5"]
    assert names == [*told, "account 1", "the venue"]


def test_line_of__ticket_in_line__tells_all_of_it() -> None:
    assert line_of(Exit(1, ticket=TICKET), T, 6) == TOLD


@pytest.mark.parametrize(
    ("silence", "told"),
    [
        (Silence(0), "the venue: live; next: look"),
        (Silence(0, frozen_at=T, accounts=9, counted=4), "frozen, 4 of 9 accounts counted; next"),
        (Silence(1, frozen_at=T, fixed_at=T, share=5_000_000), "tallied, a share of 5.000000; n"),
        (Silence(1, frozen_at=T, fixed_at=T), "nothing more to do: it has no share"),
    ],
)
def test_line_of__end_of_a_venue__tells_count_and_share(silence: Silence, told: str) -> None:
    assert told in line_of(Exit(silence.account, silence=silence), T, 6)


@pytest.mark.parametrize(
    ("forced", "told"),
    [
        (
            Forced(3, 1, "pending", T, 60, 0, 2**55 - 1, "0xaa"),
            "3: requested, all to 0xaa; next",
        ),
        (Forced(3, 1, "pending", T, 60, 0, 5_000_000, "0xaa"), "requested, 5.000000 to 0xaa; next"),
        (Forced(3, 1, "pending", T, 60, 2, 1_500), "requested, 1,500 lots of market 2 left; next"),
    ],
)
def test_line_of__forced_request__tells_what_is_left(forced: Forced, told: str) -> None:
    assert told in line_of(Exit(1, forced=forced), T, 6)


def test_line_of__on_its_way_to_l1__names_who_is_paid_there() -> None:
    paid = Ticket(5, 1, "0xaa", 3_000_000, T, "paid")
    exit = Exit(1, ticket=paid, door="0xaa", l1_recipient="0xbb", legs=(Leg(3_000_000, T),))
    told = "ticket 5: at the door, 3.000000 to 0xbb on L1; next: send, by anyone, now"
    assert line_of(exit, T, 6) == told


def test_onward__nothing_known_of_the_time__is_left_out() -> None:
    found = Progress(Stage.BRIDGED, Step.PROVE, Who.ANYONE, Obstacle.OUTPUT)
    assert onward(found, T) == f"next: prove, by anyone, waits for {Obstacle.OUTPUT}"
    assert onward(Progress(Stage.FINAL), T) == "nothing more to do"


def test_moment__past_and_present__have_no_distance() -> None:
    assert moment(T, T) == "2027-01-15 08:00:00 UTC"
    assert moment(T + 3_600, T) == "2027-01-15 09:00:00 UTC (in 3,600 s)"


def test_forecast_of__all_that_it_waits_for__is_told_in_turn() -> None:
    ticket = Ticket(9, 0, "", 3_000_000, T + 60, "line", 3_000_000, 2, 7_000_000, T + 90, T + 80)
    shut = replace(ticket, gate_ends_at=T + 70)
    assert forecast_of(shut, 5, T, 6).splitlines() == [
        "3.000000 asked for now: promised by 2027-01-15 08:01:30 UTC (in 90 s)",
        "  the extra delay of its account: 5 s before that, and the line as it is then",
        "  its delay until 2027-01-15 08:01:00 UTC (in 60 s)",
        "  the gate, shut because of a bad debt until 2027-01-15 08:01:10 UTC (in 70 s)",
        "  those ahead of it, 2 tickets with 7.000000, until 2027-01-15 08:01:20 UTC (in 80 s)",
        "  the outflow bucket until 2027-01-15 08:01:30 UTC (in 90 s)",
    ]


def test_forecast_of__nobody_ahead__waits_for_its_delay_alone() -> None:
    ticket = Ticket(9, 0, "", 3_000_000, T + 60, "line", 3_000_000, eta=T + 60, gate_ends_at=T - 9)
    assert forecast_of(ticket, 0, T, 6).splitlines()[1:] == [
        "  its delay until 2027-01-15 08:01:00 UTC (in 60 s)"
    ]


def test_data_of__exit__has_what_is_known_and_how_far_it_is() -> None:
    found = data_of(Exit(1, ticket=TICKET), T)
    assert set(found) == {"name", "account", "ticket", "progress"}
    assert (found["ticket"]["left"], found["progress"]["eta"]) == (1_000_000, T + 90)


def log(name: str, *arguments: object) -> Log:
    return Log(1, T, "0xcc", "0xdd", name, arguments)


def test_books__events__tell_what_is_owed_and_what_is_booked() -> None:
    issued = log("TicketIssued", 1, 7, "0xaa", 50, T)
    held = log("TicketHeld", 1, 7, "0xbb", 30, T)
    books = Books([log("CollateralTaken", "0xee", 200), issued, held])
    assert (books.booked, books.owed) == (200, 80)
    assert list(books.of(7)) == [Owed("ticket 1", "0xaa", 50, 50), Owed("hold 1", "0xbb", 30, 30)]
    admitted = log("TicketAdmitted", 1, 2, "0xbb", 30, T)
    paid = [log("TicketPaid", 1, "0xaa", 50), log("TicketPaid", 2, "0xbb", 10)]
    books = Books([log("CollateralTaken", "0xee", 200), issued, held, admitted, *paid])
    assert (books.booked, books.owed) == (140, 20)
    assert list(books.of(7)) == [Owed("ticket 2", "0xbb", 30, 20)]
    assert list(books.of(8)) == []
    books = Books([log("SharePaid", "0xaa", 5)])
    assert (books.booked, books.shares) == (-5, 5)


def test_divide__payments_to_a_door__go_with_what_was_sent_after_them() -> None:
    paid = [Log(block, T, "", "", "TicketPaid", (), place) for block, place in ((1, 1), (1, 3))]
    paid.append(Log(5, T, "", "", "TicketPaid", (), 0))
    sent = [Log(block, T, "", "", "Sent", (), place) for block, place in ((1, 0), (1, 2), (4, 0))]
    assert divide(paid, sent) == (sent[1:], paid[2:])
    assert divide(paid[:1], sent) == (sent[1:2], [])
    assert divide(paid[1:], []) == ([], paid[1:])


def commands_of(page: str) -> list[str]:
    return re.findall(r"`?(?:penstock|ape run) exit ([^`\n#]*)", (ROOT / page).read_text())


@pytest.mark.parametrize("page", ["README.md", "docs/exits.md", "docs/devnet.md", "CHANGELOG.md"])
def test_docs__every_command__is_there_with_its_options(page: str) -> None:
    for words in map(str.split, commands_of(page)):
        if not words or words[0].startswith("-"):
            continue
        command: click.Command = group.commands[words[0].rstrip("`,")]
        if isinstance(command, click.Group):
            command = command.commands[words[1]]
        known = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


def test_docs__every_stage__is_in_the_table() -> None:
    text = (ROOT / "docs" / "exits.md").read_text()
    told = {Stage.EXPIRED, Stage.CARRIED, Stage.SERVED, Stage.DROPPED}
    assert {stage for stage in Stage if f"| {stage}" not in text} == told
