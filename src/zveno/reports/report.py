"""Reports by name, and a finished report that saves itself in the format of the file's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from zveno.errors import DataError
from zveno.model.checks import near_match
from zveno.reports.addresses import addressed, sources_part
from zveno.reports.document import Document
from zveno.reports.link import link_report
from zveno.reports.month import MonthResults, month_report
from zveno.reports.render.html import render_html
from zveno.reports.render.pdf import render_pdf
from zveno.reports.render.xlsx import render_xlsx
from zveno.reports.restrict import of_plant
from zveno.text.catalogue import Catalogue, catalogue

LINK = "link"
"""The report of one plant."""
REPORTS: Mapping[str, Callable[[MonthResults, Catalogue], Document]] = MappingProxyType(
    {"metal_balance": month_report, LINK: link_report}
)


def _html_bytes(document: Document, text: Catalogue) -> bytes:
    """The page as UTF-8."""
    return render_html(document, text).encode()


def _xlsx_bytes(document: Document, text: Catalogue) -> bytes:
    """The workbook."""
    held = BytesIO()
    render_xlsx(document, held, text)
    return held.getvalue()


RENDERERS: Mapping[str, Callable[[Document, Catalogue], bytes]] = MappingProxyType(
    {".html": _html_bytes, ".xlsx": _xlsx_bytes, ".pdf": render_pdf}
)


@dataclass(frozen=True)
class Report:
    """A document with the catalogue it is written in."""

    document: Document
    text: Catalogue

    def render(self, suffix: str) -> bytes:
        """The report in a format: ``.html``, ``.xlsx`` or ``.pdf``.

        Raises
        ------
        DataError
            If there is no such format.
        """
        if suffix.lower() not in RENDERERS:
            raise DataError(
                "a report cannot be saved as '{suffix}': use {known}", suffix=suffix, known=", ".join(RENDERERS)
            )
        return RENDERERS[suffix.lower()](self.document, self.text)

    def save(self, path: Path | str) -> Path:
        """Write the report in the format of the path's suffix; folders are made. Returns the path."""
        target = Path(path)
        content = self.render(target.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def _repr_html_(self) -> str:
        """The page in a frame of its own, for notebooks."""
        page = escape(render_html(self.document, self.text), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:80vh;border:0"></iframe>'


def require_report(name: str, link: str = "") -> None:
    """Refuse a name that no report has, and a link where the report has none, before any work is done for it."""
    if name not in REPORTS:
        raise DataError(
            "report '{name}' is not known: use {known}",
            name=name,
            known=", ".join(REPORTS),
            near=near_match(name, REPORTS),
        )
    if link and name != LINK:
        raise DataError("report '{name}' is of the whole chain: leave the link '{link}' out", name=name, link=link)


def build_report(name: str, results: MonthResults, lang: str = "en", *, link: str = "") -> Report:
    """Build a report by name in a language; that of a link by the name of its plant.

    Raises
    ------
    DataError
        If there is no report, no link or no language of that name, or another report is given a link.
    """
    require_report(name, link)
    text = catalogue(lang)
    own = of_plant(results, link) if link else results
    document = addressed(REPORTS[name](own, text), place_of(name, results, link))
    return Report(replace(document, appendix=(sources_part(document, own.sources, text),)), text)


def place_of(name: str, results: MonthResults, link: str = "") -> str:
    """How addresses of figures that a report works out itself begin."""
    period = results.period.name.replace("/", "..")
    return f"{period}/{name}.{link}" if link else f"{period}/{name}"
