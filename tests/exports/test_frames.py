"""Any frame, gaps and texts never seen included, is answered by every exported file as by the model."""

import datetime
import shutil

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.cases import close, mixed_model, seconds, several
from exports.test_c import compiled, outputs_of
from exports.test_python import loaded
from osolgil.data.columns.cells import text_of
from osolgil.exports.onnx import onnx_model

onnxruntime = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
UTC = datetime.UTC
NUMBER = st.one_of(st.none(), st.floats(-1e6, 1e6), st.floats(allow_infinity=False))
TEXT = st.one_of(
    st.none(),
    st.sampled_from(
        ["red", "green", "파랑", 'q"uote', "True", "once", "only here and there", "NaN", "n/a", "?", " red"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12),
)
MOMENT = st.one_of(st.none(), st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2250, 1, 1)))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"size": NUMBER, "income": NUMBER, "class": TEXT, "day": MOMENT, "moment": MOMENT, "gaps": NUMBER}
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module", params=["piecewise", "periodic"])
def exported(request, tmp_path_factory):
    """Three networks over encoded numbers: the model, and its graph, Python file and C library."""
    model = several(mixed_model(request.param))
    graph = onnxruntime.InferenceSession(
        onnx_model(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return model, graph, loaded(model), compiled(model, tmp_path_factory.mktemp("c"))


def table_of(rows):
    """Rows as a table; whole minutes, as its columns of dates have them."""
    table = pandas.DataFrame(rows, columns=["size", "income", "class", "day", "moment", "gaps"])
    for name in ("size", "income", "gaps"):
        table[name] = table[name].astype(float)
    cells = [None if day is None else day.strftime("%d.%m.%Y %H:%M") for day in (row["day"] for row in rows)]
    table["day"] = pandas.Series(cells, dtype=object)
    moments = [row["moment"] and row["moment"].replace(microsecond=0) for row in rows]
    table["moment"] = pandas.Series(pandas.to_datetime(moments, utc=True))
    table["row id"] = 0
    return table.astype({"class": object})


@settings(max_examples=40)
@given(rows=ROWS)
def test_gaps_extremes_and_unseen_texts(exported, rows):
    model, graph, python, library = exported
    table = table_of(rows)
    wanted = model.outputs(model.preprocessing.transform(table))
    day = pandas.to_datetime(table["day"], format="%d.%m.%Y %H:%M")
    given = {"size": table["size"], "income": table["income"], "day": seconds(day),
             "moment": seconds(table["moment"]), "gaps": table["gaps"]}  # fmt: skip
    texts = [None if cell is None else str(cell).strip() for cell in table["class"]]

    feed = {name: np.asarray(values, float).reshape(-1, 1) for name, values in given.items()}
    feed["class"] = np.array([text or "" for text in texts], object).reshape(-1, 1)
    names = {entry.name for entry in graph.get_inputs()}
    close(graph.run(["outputs"], {name: feed[name] for name in names})[0], wanted)

    cells = table.assign(moment=[row["moment"] and row["moment"].replace(tzinfo=UTC) for row in rows])
    close([python["outputs"](row) for row in cells.to_dict("records")], wanted)

    order = [column.name for column in model.preprocessing.columns if column.kind != "category"]
    numbers = np.hstack([feed[name] for name in order])
    known = [[text_of(text) if text else None] for text in texts]  # C compares letters as they are
    close(outputs_of(library, model, numbers, known), wanted)
