"""The books of a period for another program: rounded figures whose totals are the sums of their published parts."""

from zveno.reports.erp.build import erp_export
from zveno.reports.erp.published import ErpExport

__all__ = ["ErpExport", "erp_export"]
