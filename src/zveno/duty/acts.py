"""Kinds of signed acts about breaches, shifts, orders and alarms, and what is kept of a signature."""

from __future__ import annotations

from typing import Literal

ENTERED, NOTIFIED, ACKNOWLEDGED, REPLIED = (
    "breaches_entered",
    "breach_notified",
    "breach_acknowledged",
    "breach_replied",
)
CAUSE, APPEALED, DECIDED = "breach_cause", "breach_appealed", "breach_decided"
ACTION, DONE, CLOSED = "breach_action", "breach_action_done", "breach_closed"
VOIDED, REOPENED = "breach_voided", "breach_reopened"
LEFT, TAKEN = "shift_left", "shift_taken"
ORDERED, ORDER_READ, ORDER_ENDED = "order_given", "order_read", "order_ended"
SHELVED, UNSHELVED = "alarm_shelved", "alarm_unshelved"
PERSONS = "persons_compared"

Cause = Literal["equipment", "ore", "order", "operator", "instrument", "rule"]
CAUSES: tuple[Cause, ...] = ("equipment", "ore", "order", "operator", "instrument", "rule")
"""What can have caused a breach; ``order``: one from above; ``rule``: the rule itself."""
