"""Whether processes run, and when they have ended."""

import os
import select
from collections.abc import Sequence
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(pids: Sequence[int]) -> None:
    """Return when none of them runs."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        # Readable as soon as the process has ended, whoever its parent is.
        with os.fdopen(handle) as ended:
            assert select.select([ended], [], [], 10)[0], f"{pid} still runs"
