"""The kinds of rule: one file each, one line here."""

from __future__ import annotations

from zveno.rules.kinds.kind import KindParams
from zveno.rules.kinds.limit import Limit
from zveno.rules.kinds.sustained import Sustained

RULE_KINDS: dict[str, type[KindParams]] = {"limit": Limit, "sustained": Sustained}

#: Kinds that a rulebook may hold though readings are not judged by them; each such rule is listed.
UNJUDGED_KINDS = ("rate", "window_mean", "cross_tag", "no_data", "checklist")
