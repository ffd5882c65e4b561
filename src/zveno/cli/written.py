"""Reports as files: one of the chain, or one of each link."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zveno.cli.answers import Answers
from zveno.reports import LINK
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import Chain
    from zveno.periods import Period


def write_reports(screen: Answers, chain: Chain, name: str, span: Period, *, link: str, out: Sequence[Path]) -> None:
    """Write a report of a period and say where; that of a link for every plant where none is named.

    Parameters
    ----------
    out
        Files to write; their names get that of the plant where there are several. None given: under ``out/``.
    """
    chain.require_report(name, link)
    links = [link] if link or name != LINK else list(chain.links)
    results = chain.results(span)
    for one in links:
        report = chain.report_of(name, results, link=one, lang=screen.lang)
        for path in out or _usual(name, one, span, screen.lang):
            named = path if not out or len(links) == 1 else path.with_stem(f"{path.stem}_{one}")
            screen.say(tr("written: {path}"), path=report.save(named))


def _usual(name: str, link: str, span: Period, lang: str) -> tuple[Path, ...]:
    """A page, a workbook and a document on paper, named by report, plant, period and language."""
    when = f"{span.start:%Y-%m-%d}" if span.kind == "span" else span.name
    stem = "_".join(filter(None, (name, link, when, lang)))
    return tuple(Path("out") / f"{stem}{suffix}" for suffix in (".html", ".xlsx", ".pdf"))
