"""Quality of measurement: instruments and their verification, assays of controls and standards, suppliers' assays."""

from zveno.quality.assays import AssayQuality, assay_quality
from zveno.quality.overdue import days_of, meters_of, overdue_meters, overdue_rows, with_overdue
from zveno.quality.register import POINT, Registered, instrument_rows, register
from zveno.quality.samples import GRADE
from zveno.quality.suppliers import Lot, supplier_biases

__all__ = [
    "GRADE",
    "POINT",
    "AssayQuality",
    "Lot",
    "Registered",
    "assay_quality",
    "days_of",
    "instrument_rows",
    "meters_of",
    "overdue_meters",
    "overdue_rows",
    "register",
    "supplier_biases",
    "with_overdue",
]
