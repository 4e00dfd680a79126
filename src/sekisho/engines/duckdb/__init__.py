"""DuckDB: one connection a job, in memory, sandboxed. The only door to the library."""

from sekisho.engines.duckdb.engine import DuckDBEngine
from sekisho.engines.duckdb.spill import sweep

__all__ = ["DuckDBEngine", "sweep"]
