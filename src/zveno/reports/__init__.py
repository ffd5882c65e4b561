"""Reports for people: documents built from result tables, drawn as web pages and workbooks."""

from zveno.reports.against_plan import plan_fact
from zveno.reports.flowsheet import flowsheet_svg
from zveno.reports.month import MonthResults, Provenance, month_report
from zveno.reports.report import RENDERERS, REPORTS, Report, build_report, require_report

__all__ = [
    "RENDERERS",
    "REPORTS",
    "MonthResults",
    "Provenance",
    "Report",
    "build_report",
    "flowsheet_svg",
    "month_report",
    "plan_fact",
    "require_report",
]
