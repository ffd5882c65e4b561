"""Reports for people: documents built from result tables, drawn as web pages and workbooks."""

from zveno.reconcile import BOUND_CONFLICT
from zveno.reports.addresses import SourceCells, document_figures
from zveno.reports.against_plan import plan_fact
from zveno.reports.assays import BIASES, VERDICTS, assay_report, worse_words
from zveno.reports.document import UOM_OF_KIND, digits_for, half_width
from zveno.reports.flowsheet import flowsheet_svg
from zveno.reports.instruments import STATE_WORDS, answer_words, instrument_report
from zveno.reports.month import MonthResults, Provenance, month_report
from zveno.reports.parts.detectable import detectable
from zveno.reports.parts.nominal import nominal_sentences, nominal_words
from zveno.reports.parts.overdue import overdue_words
from zveno.reports.parts.suspected import (
    counter_words,
    lot_words,
    pair_words,
    place_words,
    step_words,
    suspect_name,
    swap_words,
)
from zveno.reports.parts.words import grade_kind, lack_detail, measured_words, uom_words
from zveno.reports.report import LINK, RENDERERS, REPORTS, Report, build_report, place_of, require_report
from zveno.reports.restrict import of_plant, require_link
from zveno.reports.shown import plants_in_order
from zveno.reports.streams import stream_title
from zveno.reports.suppliers import KINDS, SUPPLIER_VERDICTS, biased_words, supplier_report

__all__ = [
    "BIASES",
    "BOUND_CONFLICT",
    "KINDS",
    "LINK",
    "RENDERERS",
    "REPORTS",
    "STATE_WORDS",
    "SUPPLIER_VERDICTS",
    "UOM_OF_KIND",
    "VERDICTS",
    "MonthResults",
    "Provenance",
    "Report",
    "SourceCells",
    "answer_words",
    "assay_report",
    "biased_words",
    "build_report",
    "counter_words",
    "detectable",
    "digits_for",
    "document_figures",
    "flowsheet_svg",
    "grade_kind",
    "half_width",
    "instrument_report",
    "lack_detail",
    "lot_words",
    "measured_words",
    "month_report",
    "nominal_sentences",
    "nominal_words",
    "of_plant",
    "overdue_words",
    "pair_words",
    "place_of",
    "place_words",
    "plan_fact",
    "plants_in_order",
    "require_link",
    "require_report",
    "step_words",
    "stream_title",
    "supplier_report",
    "suspect_name",
    "swap_words",
    "uom_words",
    "worse_words",
]
