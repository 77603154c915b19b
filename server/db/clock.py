"""The database's clock: the same for the processes of all machines."""

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

DAY_S = 86_400


class now_s(FunctionElement[float]):
    """SQL function: seconds since 1970, with a fraction, when the statement runs."""

    type: TypeEngine[float] = Double()
    inherit_cache = True


@compiles(now_s, "sqlite")
def _sqlite(element: now_s, compiler: SQLCompiler, **kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_s, "postgresql")
def _postgresql(element: now_s, compiler: SQLCompiler, **kw: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
