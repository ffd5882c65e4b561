"""Files that a plant sends, each turned into tables with the file, sheet and cell of every value."""

from zveno.sources.cases import CasesFile, read_cases
from zveno.sources.conflicts import conflicts
from zveno.sources.files import SourceBatch, read_files
from zveno.sources.problems import read_problem
from zveno.sources.remarks import remarks

__all__ = ["CasesFile", "SourceBatch", "conflicts", "read_cases", "read_files", "read_problem", "remarks"]
