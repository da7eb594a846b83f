"""The engine with all order types on, beside two matching engines from PyPI, over one stream.

Every engine builds its own order objects within the measured time and must trade the same lots.
Passes are interleaved, each with a fresh engine; figures are medians of CPU time.
"""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Final

import orderbook
import pyorderbook

from benchmarks.measure import Measure
from benchmarks.workload import EXPIRY, MARKET, SIGNATURE, Row, generate
from penstock.engine import Engine
from penstock.gate import OpenGate
from penstock.messages import Cancel, Fill, Order, SignedOrder

MESSAGES: Final = 200_000
PASSES: Final = 5
AKHIL_GOAL: Final = 2.3
PYORDERBOOK_GOAL: Final = 4.0

Pass = Callable[[list[Row]], tuple[float, int]]
"""Runs a stream through a fresh engine: CPU seconds and lots traded."""


def run(messages: int = MESSAGES, passes: int = PASSES) -> list[Measure]:
    """Measure all engines in turns."""
    rows = generate(messages)
    engines: list[Pass] = [_penstock, _akhil4n, _pyorderbook]
    times: list[list[float]] = [[] for _ in engines]
    for _ in range(passes):
        results = [_measure(engine, rows) for engine in engines]
        assert len({lots for _, lots in results}) == 1, "the engines must trade the same lots"
        for found, (seconds, _) in zip(times, results, strict=True):
            found.append(seconds)
    ours, akhil, pyob = (messages / median(found) for found in times)
    return [
        Measure("engine, all order types", ours, "messages/s", "", None),
        Measure("akhil4n-orderbook 0.1.1", akhil, "messages/s", "", None),
        Measure("pyorderbook 0.4.9", pyob, "messages/s", "", None),
        _ratio("engine / akhil4n-orderbook", ours / akhil, AKHIL_GOAL),
        _ratio("engine / pyorderbook", ours / pyob, PYORDERBOOK_GOAL),
    ]


def _ratio(name: str, value: float, goal: float) -> Measure:
    return Measure(name, value, "×", f"≥ {goal}", value >= goal)


def _measure(engine: Pass, rows: list[Row]) -> tuple[float, int]:
    # What other passes and the stream itself left behind is not this engine's to walk through.
    gc.collect()
    gc.freeze()
    result = engine(rows)
    gc.unfreeze()
    return result


def _penstock(rows: list[Row]) -> tuple[float, int]:
    engine = Engine(OpenGate(), [MARKET])
    lots = 0
    start = process_time()
    for id, _, buy, price, size, account, nonce in rows:
        if not id:
            engine.cancel(Cancel(account, nonce), 1)
            continue
        order = Order(account, MARKET, buy, False, False, False, price, size, EXPIRY, nonce)
        events = engine.place(SignedOrder(order, SIGNATURE), 1)
        if len(events) > 1:
            for event in events:
                if type(event) is Fill:
                    lots += event.size
    return process_time() - start, lots


def _akhil4n(rows: list[Row]) -> tuple[float, int]:
    book = orderbook.OrderBook()
    bid, ask = orderbook.OrderSide.BID, orderbook.OrderSide.ASK
    ids: dict[int, str] = {}
    start = process_time()
    for id, old, buy, price, size, _, _ in rows:
        if old:
            book.cancel_order(ids.pop(old))
        if id:
            order = orderbook.Order(bid if buy else ask, price, size)
            ids[id] = order.order_id
            book.add_limit_order(order)
    return process_time() - start, sum(trade.quantity_filled for trade in book.trade_log)


def _pyorderbook(rows: list[Row]) -> tuple[float, int]:
    book = pyorderbook.Book()
    bid, ask = pyorderbook.Side.BID, pyorderbook.Side.ASK
    orders: dict[int, pyorderbook.Order] = {}
    lots = 0
    start = process_time()
    for id, old, buy, price, size, _, _ in rows:
        if old:
            book.cancel(orders.pop(old))
        if id:
            order = orders[id] = pyorderbook.Order(bid if buy else ask, "X", price, size)
            for trade in book.match(order).trades:
                lots += trade.fill_quantity
    return process_time() - start, lots
