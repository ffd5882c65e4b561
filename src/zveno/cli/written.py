"""Reports as files: one of the chain, or one of each link."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zveno.cli.answers import Answers
from zveno.errors import DataError
from zveno.reports import LINK
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import Chain, MonthResults
    from zveno.periods import Period


def write_reports(
    screen: Answers, chain: Chain, name: str, span: Period, *, link: str, out: Sequence[Path], results: MonthResults
) -> None:
    """Write a report of a period and say where; that of a link for every plant where none is named.

    Parameters
    ----------
    results
        Of the version that is to be reported.
    out
        Files to write; their names get that of the plant where there are several. In a folder (that exists, or a name
        without a suffix) the files have their usual names. None given: in ``out/``.
    """
    links = [link] if link or name != LINK else list(chain.links)
    for one in links:
        report = chain.report_of(name, results, link=one, lang=screen.lang)
        usual = _usual(name, one, span, screen.lang)
        for place in out or (Path("out"),):
            folder = place.is_dir() or not place.suffix
            single = place if len(links) == 1 else place.with_stem(f"{place.stem}_{one}")
            for path in (place / each for each in usual) if folder else (single,):
                screen.say(tr("written: {path}"), path=report.save(path))


def require_one_source(version: str, data: Path | None) -> None:
    """Refuse a version of files that are not kept, before they are read."""
    if version and data is not None:
        raise DataError("--version names a version in the store: leave --data out")


def results_of(chain: Chain, folder: Path | None, span: Period, version: str) -> MonthResults:
    """Results of a version of a period; of what is known now where there is no store with a log."""
    if folder is None:
        return chain.results(span)
    from zveno.chain.closing import Closing
    from zveno.chain.versions import Versions

    return Versions(Closing(chain, folder)).results(span, version)


def _usual(name: str, link: str, span: Period, lang: str) -> tuple[str, ...]:
    """A page, a workbook and a document on paper, named by report, plant, period and language."""
    when = f"{span.start:%Y-%m-%d}" if span.kind == "span" else span.name
    stem = "_".join(filter(None, (name, link, when, lang)))
    return tuple(f"{stem}{suffix}" for suffix in (".html", ".xlsx", ".pdf"))
