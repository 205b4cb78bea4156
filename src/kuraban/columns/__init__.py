"""Events → rows: reading in bulk, interning, duplicates, order."""

from kuraban.columns.batch import Batch, joined
from kuraban.columns.hashing import hash_text
from kuraban.columns.interning import Interner
from kuraban.columns.outcomes import Counts, Reject, Taken
from kuraban.columns.prefetching import prefetch
from kuraban.columns.reader import Reader
from kuraban.columns.sources import SourceError

__all__ = ["Batch", "Counts", "Interner", "Reader", "Reject", "SourceError", "Taken", "hash_text", "joined", "prefetch"]
