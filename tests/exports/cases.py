"""Models for the tests of exports: every activation, normalisation and kind of column, with numbers worth comparing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas

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


def network_model(activation, normalization=None, residual=False, precision="float32", **given):
    """A network as if trained, on five columns of numbers; parameters and running averages are no round numbers."""
    random = np.random.default_rng(3)
    outputs = 1 if given.get("task") == "regression" else 3
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


def expected(model, rows):
    """The outputs by the catalog's plain formulas in float64: no engine and no compiler takes part."""
    values = model.preprocessing.transform(rows).astype(np.float64)
    network = model.network
    running = network.unpack_running(model.running.astype(np.float64))
    for place, layer in enumerate(network.unpack(model.parameters.astype(np.float64))):
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


def mixed_model(**given):
    """A network on that table."""
    table = mixed_table()
    preprocessing, _ = fit_table(table)
    network = Network((len(preprocessing.feature_names), 6, 3), ("tanh", "identity"))
    facts = {
        "task": "classification", "class_names": ("x", 'y"', "파"), "target_name": "t", "target_mean": 0.0,
        "target_scale": 1.0, **given,
    }  # fmt: skip
    return Model(network, network.initial(2), network.initial_running(), preprocessing=preprocessing, **facts)


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
