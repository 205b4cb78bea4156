"""CSV exports of brokers, read into facts: `read_statement` for one file, `StatementReader` for one of any size."""

from kuraban.home.statements.model import Context, Fate, Statement
from kuraban.home.statements.reading import StatementReader, read_statement

__all__ = ["Context", "Fate", "Statement", "StatementReader", "read_statement"]
