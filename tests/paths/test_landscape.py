"""Landscapes: losses computed anew in float64, directions as the paper asks, shadows and what they hide."""

import json

import numpy as np
import pytest

from osolgil.data import load
from osolgil.errors import SettingsError
from osolgil.landscapes import filter_normalised, landscape, principal, project
from osolgil.network import Network
from osolgil.pictures.landscape_page import figures, write_landscape


@pytest.fixture(scope="module")
def found():
    return landscape("iris", optimizers=["sgd", "adam"], epochs=6, hidden=(6, 5), activation="tanh", grid=7)


def _loss(network, theta, inputs, targets):
    """Mean softmax cross-entropy of a tanh network, row by row in plain loops."""
    total = 0.0
    for row, target in zip(inputs.astype(float), targets, strict=True):
        signal = row
        layers = network.unpack(theta)
        for index, layer in enumerate(layers):
            signal = signal @ layer["weight"] + layer["bias"]
            if index < len(layers) - 1:
                signal = np.tanh(signal)
        shifted = signal - signal.max()
        total += np.log(np.exp(shifted).sum()) - shifted[target]
    return total / len(inputs)


def test_the_losses_of_a_course_are_its_networks(monkeypatch):
    """First weights are known by seed, so the loss there can be computed from scratch."""
    found = landscape("iris", optimizers=["adam"], epochs=3, hidden=(6, 5), activation="tanh", grid=3, seed=4)
    data = load("iris", seed=4)
    theta = found.network.initial(4_000_000).astype(float)
    wanted = _loss(found.network, theta, data.train.inputs, data.train.targets)
    assert found.courses[0].losses[0] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("directions", ["principal", "random"])
def test_losses_on_the_plane_meet_those_of_the_course_at_the_origin(directions):
    found = landscape(
        "iris", optimizers=["sgd", "adam"], epochs=6, hidden=(6,), grid=5, directions=directions
    )
    best = next(course for course in found.courses if course.optimizer == found.origin)
    assert best.losses[-1] == min(course.losses[-1] for course in found.courses)
    np.testing.assert_allclose(best.coordinates[-1], 0.0, atol=1e-6)
    assert best.off_plane[-1] == 0.0
    if directions == "random":
        assert found.losses[2, 2] == pytest.approx(best.losses[-1], rel=1e-5)
        assert best.off_plane[:-1].min() > 0.8  # a random plane hides nearly all of the way
    else:
        assert best.off_plane[0] < 0.7
        assert 0.5 < sum(found.explained) <= 1.0 + 1e-12


def test_each_units_direction_is_as_long_as_its_weights():
    network = Network((4, 5, 3), ("tanh", "identity"), "layer")
    theta = network.initial(3).astype(float)
    for direction in filter_normalised(network, theta, 0):
        for drawn, own in zip(network.unpack(direction), network.unpack(theta), strict=True):
            for unit in range(own["weight"].shape[1]):
                lengths = [np.sqrt((each["weight"][:, unit] ** 2).sum()) for each in (drawn, own)]
                assert lengths[0] == pytest.approx(lengths[1], rel=1e-12)
            assert not any(np.any(drawn[name]) for name in drawn if name != "weight")


def test_principal_directions_are_eigenvectors_of_the_second_moment():
    ways = np.random.default_rng(0).normal(size=(20, 9)) * np.arange(1, 10)
    directions, shares = principal(ways)
    values, vectors = np.linalg.eigh(ways.T @ ways)
    np.testing.assert_allclose(shares, values[::-1][:2] / values.sum(), rtol=1e-10)
    for direction, vector in zip(directions, vectors.T[::-1], strict=False):
        assert abs(direction @ vector) == pytest.approx(1.0, abs=1e-10)


def test_projection_is_what_least_squares_finds():
    random = np.random.default_rng(1)
    plane, ways = random.normal(size=(2, 12)), random.normal(size=(5, 12))
    coordinates, hidden = project(plane, ways)
    for way, place, share in zip(ways, coordinates, hidden, strict=True):
        wanted, residual, *_ = np.linalg.lstsq(plane.T, way, rcond=None)
        np.testing.assert_allclose(place, wanted, rtol=1e-10)
        assert share == pytest.approx(np.sqrt(residual[0]) / np.linalg.norm(way), rel=1e-10)
    inside, none = project(plane, np.array([[2.0, -1.0]]) @ plane)
    np.testing.assert_allclose(inside, [[2.0, -1.0]])
    assert none[0] < 1e-12


def test_page_and_json(found, tmp_path):
    path = write_landscape(tmp_path / "out", found, "ko")
    facts = json.loads((tmp_path / "out" / "landscape.json").read_text("utf-8"))
    assert len(facts["losses"]) == 7
    assert [course["optimizer"] for course in facts["courses"]] == ["sgd", "adam"]
    assert "iris" in path.read_text("utf-8")
    for language in ("en", "ko"):
        assert figures(found, language).keys() == {"ground", "losses", "hidden"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"optimizers": ["adaam"]}, "Did you mean 'adam'"),
        ({"optimizers": []}, "at least one"),
        ({"directions": "pca"}, "'principal' or 'random'"),
        ({"grid": 1}, "3 to 101"),
        ({"optimizers": ["sgd"], "learning_rate": 1e30, "epochs": 2}, "diverged|smaller learning rate"),
    ],
)
def test_mistakes_are_told(given, words):
    with pytest.raises(SettingsError, match=words):
        landscape("iris", **{"optimizers": ["adam"], **given})
