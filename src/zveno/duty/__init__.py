"""Responsibility: who was on duty, what follows a breach, handover of shifts, shelving, shifts compared fairly."""

from zveno.duty.faults import roster_faults
from zveno.duty.roster import OnDuty, Part, Roster

__all__ = ["OnDuty", "Part", "Roster", "roster_faults"]
