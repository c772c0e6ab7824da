"""
A table of Spark is worked out where its rows lie: each worker is sent the formulas and tells a batch of Arrow at a time.

No row moves, and none comes here but what is told of them. What is sent is data, compiled there; so mps-rules is installed on every worker.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Protocol, TypeAlias
from uuid import uuid4

import attrs
import pyarrow as pa

from mps_rules.population.kernel import Found, Kernel, gathered, spelt_out

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from pyspark.sql import DataFrame

Table: TypeAlias = "ir.Table"

AT_ONCE = 10_000
"""So many rows are handed back at a time: a thousand columns of text of many more would fill the memory of a worker."""


class Teller(Protocol):
    """What is said of the rows of a batch, once their formulas are worked out; it is sent to other processes."""

    def told(self, found: Found) -> pa.RecordBatch:
        """Rows, of as many columns for any batch."""
        ...


@attrs.frozen(eq=False)
class Work:
    """What one worker does with the rows that it has; the columns come in their order, under names of Spark's own."""

    kernel: Kernel
    teller: Teller
    columns: tuple[str, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What is told of them, no words by numbers: Spark reads none."""
        here = iter(batches)
        for first in here:
            for batch in gathered(chain([first], here), first.schema):
                told = self.told(batch)
                yield from (spelt_out(told.slice(at, AT_ONCE)) for at in range(0, told.num_rows, AT_ONCE))

    def told(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """What is told of one batch."""
        return self.teller.told(self.kernel.over(batch.rename_columns(list(self.columns))))


def lives_on_spark(table: Table) -> bool:
    """Whether a table of ibis is one of Spark."""
    from ibis.common.exceptions import IbisError

    try:
        return bool(table.get_backend().name == "pyspark")
    except IbisError:
        return False


def spread(table: Table, kernel: Kernel, teller: Teller) -> "DataFrame":
    """What is told of the rows of a table of Spark, as a frame of Spark that is not worked out yet."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    backend, name, work = table.get_backend(), _name(), Work(kernel, teller, tuple(table.columns))
    backend.create_view(name, table.select(**{f"c{number}": table[column] for number, column in enumerate(table.columns)}))
    rows = backend.raw_sql(f"SELECT * FROM {name}")  # noqa: S608 - a name that was just made
    backend.drop_view(name)
    none = pa.RecordBatch.from_pylist([], schema=to_arrow_schema(rows.schema))
    return rows.mapInArrow(work, from_arrow_schema(spelt_out(work.told(none)).schema, prefer_timestamp_ntz=True))


def viewed(table: Table, kernel: Kernel, teller: Teller) -> Table:
    """The same as a table of ibis, of a view that lives as long as the session."""
    name = _name()
    spread(table, kernel, teller).createTempView(name)
    return table.get_backend().table(name)


def brought(table: Table, kernel: Kernel, teller: Teller) -> pa.Table:
    """What is told of the rows, brought here."""
    return spread(table, kernel, teller).toArrow()


def _name() -> str:
    return f"cohort_{uuid4().hex}"  # the session, and with it the names, may be somebody else's too
