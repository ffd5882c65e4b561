"""The page of a link: one plant of the chain, its own balance, readings, rules and plan, and its neighbours."""

from __future__ import annotations

import polars as pl

from zveno.errors import DataError
from zveno.model.types import Plant
from zveno.reports.document import Block, Document, Paragraph
from zveno.reports.month import MonthResults, made_from, notice_of, period_words, pictures
from zveno.reports.parts.balance import balance_part
from zveno.reports.parts.castings import castings_part
from zveno.reports.parts.changed import counters_part, steps_part, swaps_part
from zveno.reports.parts.discipline import breaches_part
from zveno.reports.parts.evidence import eliminations_part, fit_paragraph, gaps_part, suspects_part
from zveno.reports.parts.headline import counts, headline_part
from zveno.reports.parts.index import BalanceIndex
from zveno.reports.parts.links import neighbours_part
from zveno.reports.parts.nominal import nominal_paragraphs
from zveno.reports.parts.overdue import overdue_part
from zveno.reports.parts.plan import plan_part
from zveno.reports.parts.readings import readings_part
from zveno.reports.parts.recovery import recovery_part, unaccounted_part
from zveno.reports.parts.sources import reading_part
from zveno.reports.restrict import of_plant
from zveno.reports.standing import signatures_part, standing_callout
from zveno.text.catalogue import Catalogue, title_in


def link_report(results: MonthResults, text: Catalogue) -> Document:
    """Build the page of the link that ``results`` are cut down to; of a chain of one plant, of that plant.

    Raises
    ------
    DataError
        If there are several plants and none is named.
    """
    own = results if results.link else of_plant(results, _only(results))
    model, lang, index = own.model, text.lang, BalanceIndex.of(own.model, own.flows)
    plant = next(one for one in model.chain.plants if one.id == own.link)
    blocks: list[Block] = [
        *_headline(index, own, plant, text),
        *pictures(own, text),
        *neighbours_part(index, plant, text),
        *suspects_part(model, own.adjustments, own.suspects, own.separating, text),
        *steps_part(model, own.scale_steps, text),
        *counters_part(model, own.counters, text),
        *swaps_part(model, own.swaps, text),
        *eliminations_part(model, own.eliminations, text),
        *overdue_part(model, own.overdue, own.widened, text),
        *breaches_part(model, own.breaches, own.not_checked, own.coverage, text),
        *balance_part(index, text, only=plant.id),
        *(recovery_part(index, own.recoveries, text) if own.recoveries.height else ()),
        *(unaccounted_part(model, own.unaccounted, text) if own.unaccounted.height else ()),
        *castings_part(model, own.castings, own.period, text),
        *readings_part(index, own.adjustments, own.suspects, text, plant=plant.id),
        *gaps_part(index, own.gaps, own.rejected, text, plant=plant.id),
        *_whole_chain(own, text("Rejected cells name no link: those of the whole chain are listed."), own.rejected),
        *(plan_part(model, own.plan_fact, text) if own.plan_fact.height else ()),
        *reading_part(text),
        *signatures_part(own.standing, text),
        *made_from(own, text),
    ]
    chain = model.chain
    name = title_in({str(key): value for key, value in chain.title.items()}, lang, chain.id)
    return Document(
        title=f"{model.title(plant.id, lang)}, {period_words(own.period, text)}",
        subtitle=text("Link of the chain: {chain}", chain=name),
        lang=lang,
        notice=notice_of(own, text),
        blocks=tuple(blocks),
        footer=(
            f"Zveno {own.provenance.version}",
            own.period.name,
            model.title(plant.id, lang),
            own.provenance.data_hash[:12],
        ),
    ).settled()


def _only(results: MonthResults) -> str:
    """The plant of a chain that has one."""
    plants = [one.id for one in results.model.chain.plants]
    if len(plants) > 1:
        raise DataError("a page of a link needs its name: use one of {known}", known=", ".join(plants))
    return plants[0]


def _headline(index: BalanceIndex, own: MonthResults, plant: Plant, text: Catalogue) -> list[Block]:
    """Key figures, and the test of the readings, which is that of the whole chain."""
    heading, *figures = headline_part(index, own.recoveries, own.unaccounted, text, plant=plant.id)
    found = [heading, *standing_callout(own.standing, text), *figures]
    rejected = own.rejected if len(own.model.chain.plants) == 1 else None
    found.append(counts(suspects=own.suspects, breaches=own.breaches, gaps=own.gaps, rejected=rejected, text=text))
    said = text("The readings of all links are tested together:")
    return [
        *found,
        *_whole_chain(own, said, own.flows),
        *fit_paragraph(own.objective, own.dof, own.p_value, text),
        *nominal_paragraphs(own.model, own.nominal, text),
    ]


def _whole_chain(own: MonthResults, said: str, rows: pl.DataFrame) -> list[Block]:
    """A sentence on what is of the whole chain, where that is more than this link and there is something."""
    return [Paragraph(said)] if len(own.model.chain.plants) > 1 and rows.height else []
