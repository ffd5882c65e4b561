"""The facade: one description, four questions. Fetches tables, calls one engine, returns its answer."""

from zveno.chain.examples import example, example_names, new
from zveno.chain.facade import Chain, Imported, load
from zveno.chain.problems import solve_problem
from zveno.chain.schemas import schemas

__all__ = ["Chain", "Imported", "example", "example_names", "load", "new", "schemas", "solve_problem"]
