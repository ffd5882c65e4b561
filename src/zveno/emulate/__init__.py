"""The chain played as a real plant: hidden truth, meters with errors, workbooks and readings."""

from zveno.emulate.engine import Played, emulate
from zveno.emulate.faults import play_faults
from zveno.emulate.write import write_plant

__all__ = ["Played", "emulate", "play_faults", "write_plant"]
