"""The lecture's picture: products of derivatives through depth, and the depth at which training dies."""

import json
import math

import pytest

from osolgil import cli
from osolgil.diagnosis.depths import depths
from osolgil.errors import SettingsError

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def found():
    return depths(
        "iris", activations=["sigmoid", "relu"], depths=(1, 20), width=16, epochs=40, learning_rate=0.003
    )


def test_sigmoid_derivatives_multiply_below_a_quarter_per_layer(found):
    sigmoid = found["activations"][0]
    assert sigmoid["largest_slope"] == 0.25
    for name in ("predicted", "measured"):
        for layer, value in enumerate(sigmoid[name], 1):
            assert value <= -layer * math.log10(4.0) + 1e-9
    assert sigmoid["measured"][-1] == pytest.approx(sigmoid["predicted"][-1], abs=0.6)


def test_depth_kills_the_sigmoid_and_not_the_rectifier(found):
    assert [row["dies"] for row in found["activations"]] == [20, None]
    assert found["activations"][1]["scores"][1] > 0.6  # a third is chance


def test_the_command_prints_and_writes(capsys, tmp_path):
    words = ["depth", "iris", "--activations", "tanh", "--depths", "1,3", "--width", "8", "--epochs", "5"]
    page = tmp_path / "depth.html"
    assert cli.main([*words, "--out", str(page), "--lang", "ko"]) == 0
    assert "tanh" in capsys.readouterr().out
    text = page.read_text("utf-8")
    assert "4⁻ᴸ" in text
    assert "https://" not in text.split("<script>")[0]
    assert cli.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["depths"] == [1, 3]


def test_mistakes_are_one_sentence():
    with pytest.raises(SettingsError, match="whole numbers"):
        depths("iris", depths=(0,))
    with pytest.raises(SettingsError, match="tanh"):
        depths("iris", activations=["tahn"])
