"""Looking things up in the catalog: rows by kind, filtered and searched; a row's facts; the curve it draws."""

from osolgil.lookup.facts import row_facts
from osolgil.lookup.rows import KINDS, chosen, find, kind_of, rows_of

__all__ = ["KINDS", "chosen", "find", "kind_of", "row_facts", "rows_of"]
