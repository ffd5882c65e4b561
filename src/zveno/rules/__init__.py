"""Was it made by the rules: readings judged by a dated rulebook.

``check`` judges a period at once; ``watchlist``, ``read_signals``, ``watch``, ``open_episodes`` and
``breach_table`` judge a stream batch by batch and find the same.
"""

from zveno.rules.build import Watchlist, watchlist
from zveno.rules.cases import case_faults
from zveno.rules.engine import check, read_signals
from zveno.rules.faults import rule_faults
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.numbers import legal_number
from zveno.rules.result import Breaches, breach_table
from zveno.rules.signals import Signal
from zveno.rules.solve import Episodes, WatchState, open_episodes, watch

__all__ = [
    "RULE_KINDS",
    "Breaches",
    "Episodes",
    "Signal",
    "WatchState",
    "Watchlist",
    "breach_table",
    "case_faults",
    "check",
    "legal_number",
    "open_episodes",
    "read_signals",
    "rule_faults",
    "watch",
    "watchlist",
]
