"""Couple: what joins two engines: the simulator calibrated from a balance."""

from zveno.couple.choices import Choices
from zveno.couple.engine import calibrate, calibrate_each
from zveno.couple.result import Calibration

__all__ = ["Calibration", "Choices", "calibrate", "calibrate_each"]
