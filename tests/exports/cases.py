"""Models for the tests of exports: every activation, normalisation and kind of column, with numbers worth comparing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas
from scipy.special import expit, logit, logsumexp, softmax

from osolgil.answering import Target
from osolgil.calibration import Isotonic, Temperature
from osolgil.data.columns.encodings import Encoding
from osolgil.data.columns.number import Answers
from osolgil.data.preprocessing import fit_array, fit_pixels, fit_table
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.network import Network

NORMALIZATIONS = (None, "layer", "batch")
EVERY = [
    (name, normalization, residual)
    for name, normalization, residual in itertools.product(
        catalog.activations(), NORMALIZATIONS, (False, True)
    )
]
SOME = [
    (name, NORMALIZATIONS[place % 3], bool(place % 2)) for place, name in enumerate(catalog.activations())
]
"""Every activation once, each with another normalisation, half of them residual."""


def crossed(every):
    """Test parameters: every combination, those beyond the first per activation marked as long."""
    import pytest

    return [
        pytest.param(*case, marks=() if case in SOME else pytest.mark.long, id="-".join(map(str, case)))
        for case in every
    ]


def network_model(activation, normalization=None, residual=False, precision="float32", outputs=None, **given):
    """A network as if trained, on five columns of numbers; parameters and running averages are no round numbers."""
    random = np.random.default_rng(3)
    outputs = outputs or (1 if given.get("task") == "regression" else 3)
    network = Network((5, 8, 8, outputs), (activation, activation, "identity"), normalization, residual)
    theta = network.initial(1, precision)
    theta += random.normal(0, 0.1, theta.shape).astype(precision)
    running = network.initial_running(precision)
    running += random.uniform(0, 0.3, running.shape).astype(precision)
    rows = random.normal(0, 2, (40, 5))
    preprocessing, _ = fit_array(rows, tuple("abcde"))
    facts = {
        "task": "classification", "class_names": ("x", 'y"', "파"), "target_name": "t", "target_mean": 0.0,
        "target_scale": 1.0, **given,
    }  # fmt: skip
    return Model(network, theta, running, preprocessing=preprocessing, **facts), rows


def several(model, count=3):
    """The same network with others beside it, of other numbers."""
    random = np.random.default_rng(8)
    parameters, running = model.parameters, model.running
    others = [
        (
            parameters + random.normal(0, 0.3, parameters.shape).astype(parameters.dtype),
            running + random.uniform(0, 0.3, running.shape).astype(running.dtype),
        )
        for _ in range(count - 1)
    ]
    return replace(model, others=tuple(others))


NUMBER = {"task": "regression", "class_names": None, "target_mean": 3.0, "target_scale": 0.5}
ENSEMBLES = {
    "classes": ("relu", None, False, {}),
    "batch": ("prelu", "batch", True, {}),
    "pieces": ("maxout(pieces=3)", "layer", True, {}),
    "rows": ("sparsemax", "layer", False, {}),
    "labels": ("tanh", None, True, {"task": "multi-label"}),
    "numbers": ("gelu", None, False, NUMBER),
    "limits": ("silu", "layer", False, {**NUMBER, "target_limits": (2.6, 3.2)}),
    "logarithms": ("elu", None, False, {**NUMBER, "link": "log"}),
    "float64": ("softmax", "batch", False, {"precision": "float64"}),
}
"""Networks whose mean answer is exported: activation, normalisation, residual, and what is answered."""
TARGETS = {
    "other_targets": (Target("second", -20.0, 4.0, (-21.0, -18.0)), Target("third", 0.0, 1e-3, (0.0, 1.0))),
    "target_limits": (2.9, 3.2),
}
LABELS = {"task": "multi-label"}
KNOTS = [
    (np.array([0.05, 0.2, 0.201, 0.9]), np.array([0.0, 0.1, 0.6, 0.95])),
    (np.array([0.3]), np.array([0.25])),
    (np.array([0.0, 0.5, 0.7]), np.array([0.0, 0.0, 1.0])),
]
EMPTY = [(np.array([0.99]), np.array([0.0]))] * 2 + [(np.array([0.4, 0.5]), np.array([0.0, 1.0]))]
ANSWERS = {
    "targets": ({**NUMBER, **TARGETS}, 1),
    "logarithms": ({**NUMBER, "link": "log", "other_targets": TARGETS["other_targets"]}, 2),
    "quantiles": ({**NUMBER, "quantiles": (0.9, 0.1, 0.5)}, 3),
    "one quantile": ({**NUMBER, "quantiles": (0.5,)}, 2),
    "quantiles of targets": ({**NUMBER, **TARGETS, "quantiles": (0.1, 0.9)}, 4),
    "temperature": ({"calibration": Temperature(2.5, labels=False)}, 1),
    "temperature of labels": ({**LABELS, "calibration": Temperature(0.3, labels=True)}, 2),
    "isotonic": ({"calibration": Isotonic(KNOTS, labels=False)}, 2),
    "isotonic to nothing": ({"calibration": Isotonic(EMPTY, labels=False)}, 1),
    "isotonic of labels": ({**LABELS, "calibration": Isotonic(KNOTS, labels=True)}, 1),
}
"""What is answered beside one class or number, and by how many networks."""


def answering(name):
    """The networks of a case in ANSWERS, and rows."""
    given, count = ANSWERS[name]
    model, rows = network_model("tanh", "layer", outputs=3 if "other_targets" in given else None, **given)
    return (several(model, count) if count > 1 else model), rows


def ensemble(name):
    """Three networks of a case in ENSEMBLES, and rows."""
    activation, normalization, residual, given = ENSEMBLES[name]
    model, rows = network_model(activation, normalization, residual, **given)
    return several(model), rows


def mean_of(outputs, task, link):
    """The mean answer of networks' outputs (networks, rows, outputs), by SciPy."""
    if task == "classification":
        return np.log(softmax(outputs, axis=-1).mean(0))
    if task == "multi-label":
        return logit(expit(outputs).mean(0))
    return logsumexp(outputs, axis=0) - np.log(len(outputs)) if link == "log" else outputs.mean(0)


def expected(model, rows):
    """The outputs by the catalog's plain formulas in float64: no engine and no compiler takes part."""
    found = np.stack([_outputs(model, *member, rows) for member in model.members])
    groups = np.split(found, max(len(model.quantiles), 1))
    return np.hstack(
        [group[0] if len(group) == 1 else mean_of(group, model.task, model.link) for group in groups]
    )


def _outputs(model, parameters, running, rows):
    values = model.preprocessing.transform(rows).astype(np.float64)
    network = model.network
    running = network.unpack_running(running.astype(np.float64))
    for place, layer in enumerate(network.unpack(parameters.astype(np.float64))):
        z = values @ layer["weight"] + layer["bias"]
        if "gain" in layer:
            mean, variance = z.mean(1, keepdims=True), z.var(1, keepdims=True)
            if place in running:
                mean, variance = running[place]
            z = (z - mean) / np.sqrt(variance + 1e-5) * layer["gain"] + layer["shift"]
        row = catalog.activation(network.activations[place])
        pieces = [z[:, piece :: row.pieces] for piece in range(row.pieces)]
        learned = {row.learned: layer[row.learned]} if row.learned else {}
        passed = row(*pieces, **learned)
        hidden, as_wide = place < network.depth - 1, passed.shape == values.shape
        values = passed + values if network.residual and hidden and place and as_wide else passed
    return values


def answers_of(model, rows):
    """Probabilities, or numbers in the target's own unit, of the outputs above."""
    outputs = expected(model, rows)
    if model.class_names is not None:
        return _probabilities(outputs, model)
    values = np.exp(outputs) if model.link == "log" else outputs
    answers = []
    for place, target in enumerate(model.targets):
        own = values[:, place :: len(model.targets)] * target.scale + target.mean
        own = own if target.limits is None else own.clip(*target.limits)
        if model.quantiles:
            own = np.array(
                [[sorted(row)[sorted(model.quantiles).index(q)] for q in model.quantiles] for row in own]
            )
        answers.append(own if model.quantiles else own[:, 0])
    return answers[0] if len(answers) == 1 else np.stack(answers, axis=1)


def _probabilities(outputs, model):
    """By SciPy and NumPy alone."""
    bent, labels = model.calibration, model.task == "multi-label"
    if isinstance(bent, Temperature):
        outputs = outputs / bent.value
    found = expit(outputs) if labels else softmax(outputs, axis=-1)
    if isinstance(bent, Isotonic):
        given = found
        found = np.column_stack([np.interp(x, *knots) for x, knots in zip(given.T, bent.knots, strict=True)])
        if not labels:
            with np.errstate(invalid="ignore"):
                found = found / found.sum(1, keepdims=True)
            found[np.isnan(found).any(1)] = given[np.isnan(found).any(1)]
    return found


def predicted(model, rows):
    """Class names, or each label's 0 or 1, of the probabilities above, and which rows leave no doubt."""
    shares = answers_of(model, rows)
    if model.task == "multi-label":
        return (shares > 0.5).astype(int), (np.abs(shares - 0.5) > 1e-4).all(1)
    top = np.sort(shares, axis=1)
    return np.array(model.class_names, object)[shares.argmax(1)], top[:, -1] - top[:, -2] > 1e-4


def close(found, wanted, tolerance=1e-5):
    """Equal to a hundred-thousandth of the larger of 1 and the value."""
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def mixed_table(rows=300):
    """Numbers with gaps and outliers, categories rare and missing, dates, a column of row numbers, a constant."""
    random = np.random.default_rng(5)
    colour = random.choice(["red", "green", "파랑", 'q"uote', "True"], rows).astype(object)
    colour[::31] = "only here and there"
    colour[7] = "once"
    colour[11] = "twice"
    day = pandas.Timestamp("1968-02-27 05:00") + pandas.to_timedelta(
        random.integers(0, 900_000, rows), unit="h"
    )
    table = pandas.DataFrame(
        {
            "row id": np.arange(rows),
            "size": random.normal(10, 3, rows),
            "income": np.exp(random.normal(0, 4, rows)),
            "class": colour,
            "day": day.strftime("%d.%m.%Y %H:%M"),
            "moment": day.tz_localize("UTC"),
            "always": 3.0,
            "gaps": 1.0,
        }
    )
    table.loc[::7, "size"] = np.nan
    table.loc[::9, "class"] = None
    table.loc[::5, "gaps"] = np.nan
    table.loc[::13, "day"] = None
    return table


ENCODINGS = {
    "plain": Encoding(),
    "robust": Encoding("robust"),
    "piecewise": Encoding("robust", "piecewise(bins=6)"),
    "tree": Encoding("standard", "tree_piecewise(bins=5)"),
    "periodic": Encoding("robust", "periodic(waves=3)"),
}


def mixed_model(encoding="plain", **given):
    """A network on that table."""
    table = mixed_table()
    answers = Answers((np.arange(len(table)) * 7 + (table["income"] > 1.0)) % 3, classify=True)
    preprocessing, _ = fit_table(table, ENCODINGS[encoding], answers)
    network = Network((len(preprocessing.feature_names), 6, 3), ("tanh", "identity"))
    facts = {
        "task": "classification", "class_names": ("x", 'y"', "파"), "target_name": "t", "target_mean": 0.0,
        "target_scale": 1.0, **given,
    }  # fmt: skip
    return Model(network, network.initial(2), network.initial_running(), preprocessing=preprocessing, **facts)


def numbers_model(encoding, far=1.0):
    """Three networks on columns of numbers alone, one of them unused, one constant but for gaps; and rows."""
    random = np.random.default_rng(6)
    table = pandas.DataFrame(random.normal(0, 2, (200, 4)) * far, columns=list("abcd"))
    table.insert(1, "same", 5.0)
    table.loc[::6, "b"] = np.nan
    table["gaps"] = np.where(np.arange(200) % 4, 2.0, np.nan)
    answers = Answers(table["a"].to_numpy(), classify=False)
    preprocessing, _ = fit_table(table, ENCODINGS[encoding], answers)
    network = Network((len(preprocessing.feature_names), 5, 1), ("silu", "identity"))
    model = Model(
        network,
        network.initial(2),
        network.initial_running(),
        target_name="t",
        preprocessing=preprocessing,
        **NUMBER,
    )
    return several(model), table * random.normal(1, 1, (200, 1))


def new_rows():
    """Rows that training has not seen: unknown texts, gaps, extremes and odd spellings in them."""
    table = mixed_table(40).drop(columns=["always"])
    table.loc[0, "class"] = "never seen"
    table.loc[1, "class"] = "tRUE"
    table.loc[2, "class"] = "N/A"
    table.loc[3, "class"] = " red"
    table.loc[4, ["size", "income"]] = [1e300, -1e300]
    table.loc[5, "day"] = "29.02.2000 23:59"
    table.loc[6, "day"] = "01.03.1900 00:00"
    return table


def seconds(cells):
    """Dates as seconds since 1970 in UTC, nan where missing."""
    known = cells.notna().to_numpy()
    found = np.full(len(cells), np.nan)
    found[known] = [round(cell.timestamp()) for cell in pandas.to_datetime(cells[known], utc=True)]
    return found


def date_of(cells, name):
    """A date column of `new_rows` as moments."""
    if name == "moment":
        return cells
    return pandas.to_datetime(cells, format="%d.%m.%Y %H:%M")


def pixel_model():
    """A network on pictures of 3 x 3 pixels."""
    preprocessing = fit_pixels(tuple(f"p{place}" for place in range(9)), 255.0, (3, 3))
    network = Network((9, 4, 2), ("relu", "identity"))
    return Model(
        network, network.initial(0), network.initial_running(), "classification", ("a", "b"), "t", 0.0, 1.0,
        preprocessing,
    )  # fmt: skip
