"""What persons approved enters the records: once, whatever happens between the signature and the store.

The signed log is what counts. A value that was approved there and is not in the store yet, because the power failed in
between, is put in by whoever comes next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import polars as pl

from zveno.close.proposals import Proposal, proposals
from zveno.log import Log
from zveno.periods import Period
from zveno.store import Batch, NewEntry, Store
from zveno.tables import frame

LEDGER = "ledger"
"""The file that records name which were put in by persons."""
_INSTANT = timedelta(microseconds=1)


def enter_approved(store: Store, log: Log, known: Callable[[], datetime]) -> int:
    """Put all approved values into the records that are not there yet, in the order of their approval; how many."""
    found = [one for one in proposals(enumerate(log.records)).values() if one.state == "approved"]
    batches = [batch_of(log, one) for one in sorted(found, key=_approval)]
    new = [one for one in batches if not store.has(one.file_hash)]
    return sum(store.append([one], known) for one in new)


def _approval(one: Proposal) -> int:
    return one.decided.record if one.decided else -1


def batch_of(log: Log, one: Proposal) -> Batch:
    """Approved values as a source of records; its hash is that of the record that approved them."""
    number = _approval(one)
    digest = sha256(b"zveno/entered-1 " + log.records[number].leaf).hexdigest()
    rows = [
        {
            "point": each.point, "quantity": each.quantity, "start": each.start, "end": each.end, "value": each.value,
            "qualifier": each.qualifier, "file": LEDGER, "sheet": one.kind, "cell": str(number), "file_hash": digest,
            "known": None,
        }
        for each in one.values
    ]  # fmt: skip
    person = one.decided.person if one.decided else ""
    entry = NewEntry("approval", one.period, {"of": one.number, "values": len(rows)}, person, log_number=number)
    return Batch(LEDGER, digest, frame("records", rows), frame("rejected"), frame("readings"), (entry,))


def signed_values(log: Log) -> dict[tuple[int, str, str, datetime, datetime], float]:
    """Approved values as their persons signed them, by the record that approved them and by what they are about."""
    found = [one for one in proposals(enumerate(log.records)).values() if one.state == "approved"]
    return {
        (_approval(one), *each.key): each.value for one in found for each in one.values if each.value is not None
    }  # fmt: skip


def records_until(store: Store, period: Period) -> pl.DataFrame:
    """Records of a period, with what was counted or measured at the very moment of its end."""
    end = period.instants[1]
    rows = store.read("records", Period(period.start, period.end + _INSTANT))
    return rows.filter((pl.col("start") < end) | (pl.col("end") == end))
