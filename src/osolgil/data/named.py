"""Well-known data sets: found in the folder the variable OSOLGIL_DATA names, else downloaded and checked."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from osolgil.data.arrays import add_test, read_idx_folder
from osolgil.data.source import Source, digest
from osolgil.data.tables import parse_text, read_table, tidy
from osolgil.data.unpacking import read_bytes
from osolgil.errors import DataError
from osolgil.messages import Message

VARIABLE = "OSOLGIL_DATA"
_GITHUB = "https://raw.githubusercontent.com/"
_FASHION = f"{_GITHUB}zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/"
_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_ADULT = "https://archive.ics.uci.edu/ml/machine-learning-databases/adult/"
_HANDSON = f"{_GITHUB}ageron/handson-ml2/master/datasets/"
_TELCO = f"{_GITHUB}IBM/telco-customer-churn-on-icp4d/d5371f5d83a446ad5673cbcca3b814b926491f8a/data/"
_PENGUINS = f"{_GITHUB}allisonhorst/palmerpenguins/main/inst/extdata/"

ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
    "native-country", "income",
)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """One set: SHA-256 per file (unpacked content for .data and .test), the address, and the target."""

    files: dict[str, str]
    address: str | None
    target: str | None = None
    removed: tuple[str, ...] = ()
    classes: tuple[str, ...] | None = None


_CLOTHES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
NAMED = {
    "fashion-mnist": Named(
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        _FASHION,
        classes=_CLOTHES,
    ),
    "mnist": Named(
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        _MNIST,
    ),
    "adult": Named(
        {
            "adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
            "adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
        },
        _ADULT,
        "income",
    ),
    "california-housing": Named(
        {"housing.csv": "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e"},
        f"{_HANDSON}housing/",
        "median_house_value",
    ),
    "titanic": Named(
        {"train.csv": "14769fb1850e2d26d8e6db0ee49c213878040432827e39b13caaa15603c6598f"},
        f"{_HANDSON}titanic/",
        "Survived",
    ),
    "telco-churn": Named(
        {"Telco-Customer-Churn.csv": "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91"},
        _TELCO,
        "Churn",
    ),
    "bike-sharing": Named(
        {"hour.csv": "e03de4ee4ef4dc376ac6e04bf829673c6269e8eba5c60fa121640fa2f829504f"},
        None,
        "cnt",
        ("casual", "registered"),
    ),
    "penguins": Named(
        {"penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"},
        _PENGUINS,
        "species",
    ),
}


def load_named(name: str) -> tuple[Source, str | None]:
    """The set of this name and its usual target; KeyError when there is none.

    Raises DataError when it is neither in the folder of OSOLGIL_DATA nor can be downloaded.
    """
    entry = NAMED[name]
    notes: list[Message] = []
    folder = _local_folder(name) or _download(name, entry)
    for file, expected in entry.files.items():
        _check(find_file(folder, file, name), expected, file, notes)
    if "train-images-idx3-ubyte.gz" in entry.files:
        source = read_idx_folder(folder)
        source.validation_rows, source.class_names = 5000, entry.classes
    elif name == "adult":
        source = _read_adult(folder)
    else:
        source = read_table(find_file(folder, next(iter(entry.files)), name))
        source.inputs = source.inputs.drop(
            columns=[column for column in entry.removed if column in source.inputs]
        )
    if entry.removed:
        notes.append(Message("note.sum_to_target", names=entry.removed, target=entry.target))
    source.name, source.notes = name, notes + source.notes
    return source, entry.target


def _local_folder(name: str) -> Path | None:
    root = os.environ.get(VARIABLE)
    folder = Path(root) / name if root else None
    return folder if folder and folder.is_dir() else None


def find_file(folder: Path, file: str, name: str) -> Path:
    """The file in a folder, gzipped or not."""
    for path in (folder / file, folder / f"{file}.gz"):
        if path.is_file():
            return path
    raise DataError(f"The folder '{folder}' has no '{file}', which the data set '{name}' needs.")


def _check(path: Path, expected: str, file: str, notes: list[Message]) -> None:
    raw = path.read_bytes() if path.name == file else read_bytes(path)
    if hashlib.sha256(raw).hexdigest() != expected:
        notes.append(Message("caution.another_file", file=path.name))


def _download(name: str, entry: Named) -> Path:
    """Fetch the files into the cache folder, each checked against its SHA-256."""
    if entry.address is None:
        raise DataError(
            f"'{name}' is not downloaded; put {', '.join(entry.files)} into a folder '{name}' and set "
            f"{VARIABLE} to the folder that holds it."
        )
    import platformdirs
    import pooch

    folder = Path(platformdirs.user_cache_dir("osolgil")) / "data" / name
    pooch.get_logger().setLevel("ERROR")
    for file, expected in entry.files.items():
        try:
            pooch.retrieve(entry.address + file, f"sha256:{expected}", file, folder)
        except ValueError as error:
            raise DataError(
                f"The download of '{file}' for '{name}' does not have the expected SHA-256 and was not kept; "
                f"try again, or set {VARIABLE}."
            ) from error
        except Exception as error:
            raise DataError(
                f"'{file}' of '{name}' could not be downloaded ({type(error).__name__}); check the network, "
                f"or set {VARIABLE} to a folder that has '{name}/{file}'."
            ) from error
    return folder


def _read_adult(folder: Path) -> Source:
    """The census files have no header; the test file's first line is no row and its labels end in a dot."""
    tables, contents = [], []
    for file in NAMED["adult"].files:
        raw = read_bytes(find_file(folder, file, "adult"))
        lines = [
            line for line in raw.decode("utf-8").splitlines() if line.strip() and not line.startswith("|")
        ]
        text = "\n".join([",".join(ADULT_COLUMNS), *lines])
        tables.append(tidy(parse_text(text, file, []), []))
        contents.append(digest(raw))
    source, test = (
        Source("adult", tables[0], content=contents[0]),
        Source("adult", tables[1], content=contents[1]),
    )
    add_test(source, test)
    return source
