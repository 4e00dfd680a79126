"""Public tables, as a notebook, the command line and the web call them."""

from sekisho.gate import public
from sekisho.gate.house import Call
from sekisho.model.public import PublicTable
from sekisho.present.public import PublicData
from sekisho.terms import Language


class PublicTables:
    """Every call on public tables, on behalf of one actor."""

    def __init__(self, call: Call, language: Language) -> None:
        self._call = call
        self._language = language

    def tables(self, programme: str) -> tuple[PublicTable, ...]:
        """The public tables of a programme."""
        return public.public_tables(self._call, programme)

    def open(self, programme: str, table: str) -> PublicData:
        """One public table with its rows and indicators; it costs nobody anything.

        Raises: NotFound; StorageError when the programme folder was changed.
        """
        found = public.public_table(self._call, programme, table)
        return PublicData(
            programme=found.programme.id,
            digest=found.programme.digest,
            table=found.table,
            rows=found.rows,
            file=found.file,
            language=self._language,
        )
