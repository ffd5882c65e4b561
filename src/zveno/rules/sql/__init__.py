"""The second opinion: the same rulebook compiled to SQL, judged by a database.

It shares nothing with the arrays of the first engine but what both are given, the rulebook bound to tags.
``compiled`` gives plain SQL over a table ``zv_readings``; whoever holds a connection runs it in order, and
``episodes`` makes the answer of the last query what the first engine tells.
"""

from zveno.rules.sql.compare import differences
from zveno.rules.sql.dialect import DIALECTS, DUCKDB, POSTGRESQL, Dialect
from zveno.rules.sql.engine import READINGS, Compiled, compiled, episodes

__all__ = ["DIALECTS", "DUCKDB", "POSTGRESQL", "READINGS", "Compiled", "Dialect", "compiled", "differences", "episodes"]
