"""Tables of a simulator fitted to a balance."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

CALIBRATION: dict[str, tuple[Column, ...]] = {
    "calibration_parameters": _columns(
        ("period", pl.String, "period calibrated to"),
        ("key", pl.String, "feed, parameter or figure"),
        (
            "role",
            pl.String,
            "fitted (asked for), uncertain (moves within what is stated of it), input (a feed or head grade)",
        ),
        ("uom", pl.String, "unit of measure"),
        ("described", pl.Float64, "value of the description"),
        ("value", pl.Float64, "value that the data determine; null = they do not"),
        ("sd", pl.Float64, "its standard deviation"),
        ("low_95", pl.Float64, "lower end of the 95 % interval"),
        ("high_95", pl.Float64, "upper end of it"),
        ("used", pl.Float64, "value in the calibrated scenario; of what is not determined one choice of many"),
        ("scale", pl.String, "log, logit or linear: where the interval is symmetric"),
        ("prior", pl.Boolean, "its stated uncertainty counted as knowledge besides the data"),
        ("status", pl.String, "determined, rough (far from a straight line), not determined, at bound"),
    ),
    "calibration_correlations": _columns(
        ("period", pl.String, "period calibrated to"),
        ("key", pl.String, "determined parameter"),
        ("other", pl.String, "another one"),
        ("correlation", pl.Float64, "correlation of their errors"),
    ),
    "calibration_groups": _columns(
        ("period", pl.String, "period calibrated to"),
        ("group", pl.Int64, "parameters that only move together"),
        ("kind", pl.String, "open: a move that the data do not see; known: a combination that they determine"),
        ("number", pl.Int64, "which move or combination of the group"),
        ("key", pl.String, "feed, parameter or figure"),
        ("coefficient", pl.Float64, "share in the move or combination, of logarithms (of shares: of logits)"),
        ("sd", pl.Float64, "standard deviation of a known combination; null = open"),
    ),
    "calibration_checks": _columns(
        ("period", pl.String, "period calibrated to"),
        ("group", pl.Int64, "parameters that only move together"),
        ("result", pl.String, "what to measure besides, so that they are parted; the best first"),
        ("sd_left", pl.Float64, "largest standard deviation then left in the group, of logarithms"),
    ),
    "calibration_residuals": _columns(
        ("period", pl.String, "period calibrated to"),
        ("result", pl.String, "what is compared"),
        ("uom", pl.String, "unit of measure"),
        ("balance", pl.Float64, "value of the balance"),
        ("balance_sd", pl.Float64, "its standard deviation"),
        ("simulated", pl.Float64, "value of the calibrated simulation"),
        ("difference", pl.Float64, "balance less simulated"),
        ("z", pl.Float64, "difference over its own standard deviation; null = nothing checks it"),
    ),
    "calibration_backcast": _columns(
        ("period", pl.String, "period predicted with the calibrated parameters"),
        ("clean", pl.Boolean, "no readings that disagree and no breach known"),
        ("result", pl.String, "what is predicted"),
        ("uom", pl.String, "unit of measure"),
        ("balance", pl.Float64, "value of the balance"),
        ("predicted", pl.Float64, "value predicted from the feeds; null = they do not determine it"),
        ("error", pl.Float64, "balance less predicted"),
        ("error_sd", pl.Float64, "standard deviation that this error should have"),
        ("z", pl.Float64, "error over its standard deviation"),
    ),
}
