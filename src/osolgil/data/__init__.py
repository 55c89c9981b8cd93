"""Data of any kind made ready for a network: `load` a name or file, `from_arrays`, `read_rows` to predict."""

from osolgil.data.columns.encodings import Encoding
from osolgil.data.dataset import Dataset, Split
from osolgil.data.loading import data_names, from_arrays, load, read_rows
from osolgil.data.preprocessing import Preprocessing

__all__ = ["Dataset", "Encoding", "Preprocessing", "Split", "data_names", "from_arrays", "load", "read_rows"]
