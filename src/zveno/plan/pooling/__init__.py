"""Blending through pools of unknown quality, to a proven optimum."""
