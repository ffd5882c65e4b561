"""Formats: each draws any document."""
