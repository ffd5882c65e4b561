"""The books of a period as a workbook in which every figure is computed from the cells that it comes from."""

from zveno.reports.workbook.build import books_document, formulas_of
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.raw import RawRows

__all__ = ["PeriodBooks", "RawRows", "books_document", "formulas_of"]
