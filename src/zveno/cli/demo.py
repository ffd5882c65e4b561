"""The main job as a demonstration: a month from the plant's files to the reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from zveno.chain import Chain, ChainModel, MonthResults, example, load
from zveno.cli.answers import Answers
from zveno.errors import DataError
from zveno.reports import LINK
from zveno.text.catalogue import title_in
from zveno.text.mark import LANGUAGES, tr

NAME, PERIOD, REPORT = "zhez_balkhash", "2026-03", "metal_balance"
_MARK = ".zveno-demo"


def play_demo(screen: Answers, out: Path, seed: int) -> None:
    """Play the example's month, import it, balance it, check it, and write the reports in three languages."""
    folder = _cleared(out / NAME)
    chain = load(example(NAME), store=folder / "store")
    with screen.progress(tr("playing the plant")) as advance:
        chain.emulate(PERIOD, folder, seed=seed, lang=screen.lang if screen.lang != "en" else "ru", progress=advance)
    with screen.progress(tr("reading files")) as advance:
        done = chain.import_files([folder / "plant"], progress=lambda _: advance(None))
    screen.imported(done, as_json=False)
    results = chain.results(PERIOD)
    paths = _reports(chain, results, folder)
    _summary(screen, chain.model, results)
    screen.say(tr("the month's reports, in three languages, are in {folder}:"), folder=folder)
    for path in paths:
        screen.line(f"  {path}")


def _reports(chain: Chain, results: MonthResults, folder: Path) -> list[Path]:
    """The month as pages, workbooks and documents on paper; a page for each link."""
    paths = [
        report.save(folder / f"{REPORT}_{PERIOD}_{lang}{suffix}")
        for lang in LANGUAGES
        for report in (chain.report_of(REPORT, results, lang=lang),)
        for suffix in (".html", ".xlsx", ".pdf")
    ]
    for link in chain.links if len(chain.links) > 1 else ():
        for lang in LANGUAGES:
            page = chain.report_of(LINK, results, link=link, lang=lang)
            paths.append(page.save(folder / f"{LINK}_{link}_{PERIOD}_{lang}.html"))
    return paths


def _cleared(folder: Path) -> Path:
    """The demonstration's own folder, emptied of an earlier run; a folder of someone else's is left alone."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise DataError(
                "'{folder}' holds something else than a demonstration: choose another --out", folder=str(folder)
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    return folder


def _summary(screen: Answers, model: ChainModel, results: MonthResults) -> None:
    """The month in a few lines."""
    notice = title_in({str(key): value for key, value in model.chain.notice.items()}, screen.lang, "")
    screen.line()
    screen.line(f"{model.title_of_chain(screen.lang)}, {PERIOD} ({notice})")
    _streams(screen, model, results)
    screen.recoveries(model, results.recoveries.filter(pl.col("component") == "Cu"))
    screen.unaccounted(model, results.unaccounted.filter(pl.col("component") == "Cu"))
    screen.fit(model, results)
    screen.suspects(model, results)
    screen.scale_steps(model, results.scale_steps)
    screen.swaps(model, results.swaps, unseen=False)
    screen.line(screen.text.count("{n} breach", "{n} breaches", results.breaches.height))
    for row in results.breaches.iter_rows(named=True):
        screen.breach(model, row)
    screen.line()


def _streams(screen: Answers, model: ChainModel, results: MonthResults) -> None:
    """What came in, passed between links and left, each once."""
    flows = {(row["stream"], row["component"]): row for row in results.flows.iter_rows(named=True)}
    component = model.chain.components[0]
    names = [name for one in model.chain.recoveries if one.plant for name in (*one.feeds, *one.products)]
    for stream in dict.fromkeys(names):
        mass, copper = flows[stream, "mass"], flows[stream, component]
        screen.say(
            tr("{label}: {stream} {mass} t dry, {grade} % {component}"),
            label=screen.text(_label(model, stream)),
            stream=model.title(stream, screen.lang),
            mass=screen.measured(mass["mass_t"], mass["mass_sd_t"], 1, 0),
            grade=screen.measured(copper["grade_frac"], copper["grade_sd_frac"], 100, 3),
            component=component,
        )


def _label(model: ChainModel, stream: str) -> str:
    """Feed of the chain, its product, or what one link hands on to another."""
    members = [one for one in model.chain.streams if stream in (one.id, one.group)]
    if all(one.source in model.boundaries for one in members):
        return tr("feed")
    return tr("product") if all(one.target in model.boundaries for one in members) else tr("handed on")
