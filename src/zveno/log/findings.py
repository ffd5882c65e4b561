"""What a verification finds: which thing is wrong, in which way, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zveno.errors import Fault, Phrase

FindingKind = Literal["altered", "truncated", "forked", "unsigned", "foreign", "revoked", "unlawful"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    kind
        ``altered`` (bytes are not those that were written), ``truncated`` (something is missing), ``forked`` (two
        heads do not agree), ``unsigned``, ``foreign`` (a key that is not in the register, or not the one given),
        ``revoked`` (a key that had ended), ``unlawful`` (signed by a person who may not).
    fault
        The sentence.
    member
        Part of the archive; empty for the whole.
    start, end
        First and last byte, counted from 0 in the file that is verified; None where no bytes can be named.
    record
        Number of the record, from 0; None where it is not one.
    """

    kind: FindingKind
    fault: Fault
    member: str = ""
    start: int | None = None
    end: int | None = None
    record: int | None = None


def span(start: int, end: int) -> Phrase:
    """Bytes from the first to the last, in words.

    Examples
    --------
    >>> str(span(3, 3)), str(span(3, 9))
    ('byte 3', 'bytes 3 to 9')
    """
    if start == end:
        return Phrase("byte {start}", {"start": start})
    return Phrase("bytes {start} to {end}", {"start": start, "end": end})
