"""Quality of measurement: instruments and their verification, assays of controls and standards, suppliers' assays."""

from zveno.quality.overdue import days_of, meters_of, overdue_meters, overdue_rows, with_overdue
from zveno.quality.register import POINT, Registered, instrument_rows, register

__all__ = [
    "POINT",
    "Registered",
    "days_of",
    "instrument_rows",
    "meters_of",
    "overdue_meters",
    "overdue_rows",
    "register",
    "with_overdue",
]
