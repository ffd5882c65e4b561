"""The kinds of rule: one file each, one line here."""

from __future__ import annotations

from zveno.rules.kinds.checklist import Checklist
from zveno.rules.kinds.count import CountOf
from zveno.rules.kinds.cross_tag import CrossTag
from zveno.rules.kinds.cumulative_time import CumulativeTime
from zveno.rules.kinds.deadband import Deadband
from zveno.rules.kinds.kind import KindParams
from zveno.rules.kinds.limit import Limit
from zveno.rules.kinds.no_data import NoData
from zveno.rules.kinds.parameter import Parameter
from zveno.rules.kinds.rate import Rate
from zveno.rules.kinds.sustained import Sustained
from zveno.rules.kinds.window_mean import WindowMean

RULE_KINDS: dict[str, type[KindParams]] = {
    "limit": Limit,
    "sustained": Sustained,
    "deadband": Deadband,
    "rate": Rate,
    "window_mean": WindowMean,
    "cumulative_time": CumulativeTime,
    "count": CountOf,
    "cross_tag": CrossTag,
    "no_data": NoData,
    "checklist": Checklist,
    "parameter": Parameter,
}
