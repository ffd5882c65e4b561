"""Files that a plant sends, each turned into tables with the file, sheet and cell of every value."""

from zveno.sources.acts import CountedValue, read_act, write_act
from zveno.sources.cases import CasesFile, read_cases
from zveno.sources.conflicts import conflicts
from zveno.sources.fates import REASONS
from zveno.sources.files import SourceBatch, lock_files, read_files
from zveno.sources.jobshop_problem import read_jobshop
from zveno.sources.learning import Learnt, LearntTable, learn
from zveno.sources.lots import read_lots
from zveno.sources.mappedfiles import (
    QUIET_REASONS,
    cells_frame,
    files_frame,
    kept_files,
    mapped_key,
    read_by_mapping,
    records_of,
    rejected_of,
)
from zveno.sources.plan_problem import read_plan
from zveno.sources.pooling_problem import arcs_as_written, read_pooling
from zveno.sources.problems import read_problem
from zveno.sources.remarks import remarks
from zveno.sources.settled import MappedFile, settled

__all__ = [
    "QUIET_REASONS",
    "REASONS",
    "CasesFile",
    "CountedValue",
    "Learnt",
    "LearntTable",
    "MappedFile",
    "SourceBatch",
    "arcs_as_written",
    "cells_frame",
    "conflicts",
    "files_frame",
    "kept_files",
    "learn",
    "lock_files",
    "mapped_key",
    "read_act",
    "read_by_mapping",
    "read_cases",
    "read_files",
    "read_jobshop",
    "read_lots",
    "read_plan",
    "read_pooling",
    "read_problem",
    "records_of",
    "rejected_of",
    "remarks",
    "settled",
    "write_act",
]
