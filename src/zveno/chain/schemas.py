"""JSON Schemas of the files of a description, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from zveno.model.foundry import FoundryFile
from zveno.model.mapping import CalendarsFile, LayoutMapping
from zveno.model.people import People
from zveno.model.play import Play
from zveno.model.quality import QualityFile
from zveno.model.roster import DutyFile, RosterFile
from zveno.model.rounding import Rounding
from zveno.model.rulebook import RulesFile
from zveno.model.types import ChainFile, ParametersFile
from zveno.reports.erp import ErpExport
from zveno.rules import RULE_KINDS
from zveno.simulate import unit_model_schemas

FILES: dict[str, type[BaseModel]] = {
    "chain.yaml": ChainFile,
    "parameters.yaml": ParametersFile,
    "people.yaml": People,
    "foundry.yaml": FoundryFile,
    "quality.yaml": QualityFile,
    "roster.yaml": RosterFile,
    "duty.yaml": DutyFile,
    "rules": RulesFile,
    "play.yaml": Play,
    "calendars.yaml": CalendarsFile,
    "mappings": LayoutMapping,
    "rounding.yaml": Rounding,
}


def schemas() -> dict[str, Any]:
    """JSON Schema of each file by name, of the export for an ERP, and of parameters of unit models and rule kinds."""
    found: dict[str, Any] = {name: kind.model_json_schema(by_alias=True) for name, kind in FILES.items()}
    found["erp"] = ErpExport.model_json_schema(mode="serialization")
    found["unit_models"] = unit_model_schemas()
    found["rule_kinds"] = {name: kind.model_json_schema() for name, kind in RULE_KINDS.items()}
    return found
