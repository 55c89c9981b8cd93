"""From data to the cause, its evidence and its repair: in Python, on the command line, as a page."""

import importlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest

import osolgil
from osolgil import cli
from osolgil.data import load
from osolgil.diagnosis import first_look
from osolgil.diagnosis.examination import Case, Course, examine
from osolgil.diagnosis.explanation import CAUSES, explain
from osolgil.diagnosis.reference import Reference
from osolgil.diagnosis.remedies import BY_CAUSE, REMEDIES, options_of, remedies
from osolgil.diagnosis.repair import repair
from osolgil.engines.cpu.fleet import RunSetting, Task
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.messages import catalog as messages
from osolgil.race.facts import task_of
from osolgil.race.settings import RaceSettings

DATA = load("wine")


def case(depth=2, activation="tanh", rate=0.003, **changes):
    settings = RaceSettings(hidden=(16,) * depth, activation=activation).completed(DATA.task, len(DATA.train))
    network = settings.network(DATA.train.inputs.shape[1], DATA.outputs)
    run = RunSetting("adam", catalog.optimizer("adam").hyperparameters(learning_rate=rate), 0, 16)
    made = Case(network, task_of(DATA, settings), run, 30, standard_scale=network.initial_scale)
    return replace(made, **changes)


def started(change):
    def start(seed):
        healthy = case(depth=3)
        theta = healthy.network.initial(seed)
        for layer in healthy.network.unpack(theta)[:-1]:
            change(layer)
        return theta

    return start


def with_task(**changes):
    return replace(case(), task=replace(case().task, **changes))


def permuted():
    task = case().task
    return task.targets[np.random.default_rng(0).permutation(len(task.targets))]


def weight_of(value):
    return lambda layer: layer["weight"].__imul__(value)


BROKEN = {
    "healthy": case,
    "vanishing": lambda: case(depth=12, activation="sigmoid"),
    "learning_rate_low": lambda: case(rate=3e-6),
    "learning_rate_high": lambda: case(rate=3.0),
    "inputs": lambda: with_task(inputs=(case().task.inputs * 0.001).astype(np.float32)),
    "weights": lambda: case(depth=3, start=started(weight_of(40.0)), rate=0.001),
    "saturation": lambda: case(depth=3, start=started(lambda layer: layer["bias"].fill(8.0))),
    "plateau": lambda: case(depth=3, start=started(lambda layer: layer["weight"].fill(0.1))),
    "plateau of nothing": lambda: case(depth=3, start=started(lambda layer: layer["weight"].fill(0.0))),
    "learning_rate_low beyond reach": lambda: case(rate=3e-20),
    "loss": lambda: replace(case(), network=replace(case().network, activations=("tanh", "tanh", "sigmoid"))),
}


@pytest.mark.parametrize("cause", BROKEN)
def test_the_root_is_named(cause):
    found = examine(BROKEN[cause](), 2)
    explanation = explain(found)
    cause = cause.split()[0]
    assert explanation.cause == cause
    assert [finding.cause for finding in explanation.findings[:1]] == ([] if cause == "healthy" else [cause])
    json.dumps(explanation.to_dict(), allow_nan=False)


def test_vanishing_names_the_layer_where_six_depth_scales_are_gone():
    found = examine(BROKEN["vanishing"](), 2)
    named = explain(found).findings[0].layer
    squares = 2 * np.log(found.before.gradient[:-1])
    lost = squares - squares[-1] < -6.0 - 1.96 * 2 * np.log(10) * found.standard.deviation[:-1]
    assert lost[: named - 1].all()
    assert not lost[named:].any()


def test_shuffled_targets_are_told_or_left_open():
    """44 validation rows of three classes cannot show much: it must never be called healthy."""
    assert explain(examine(with_task(targets=permuted()), 2)).cause in ("labels", "unclear", "overfitting")


@pytest.mark.parametrize(
    "broken", [{"learning_rate": 1e-30}, {"hidden": (8,) * 40}, {"initial_scale": "zeros"}]
)
def test_targets_that_a_line_tells_are_not_blamed(broken):
    """Two dozen rows leave much to chance, and a network that learns nothing tells nothing of the targets."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(120, 5))
    classes = (inputs @ np.arange(5.0) > 0.0).astype(int)
    settings = {"hidden": (8, 8), "epochs": 10, "activation": "relu", **broken}
    assert osolgil.diagnose(inputs, classes, **settings).cause not in ("labels", "healthy")
    assert osolgil.diagnose(inputs, random.permutation(classes), **settings).cause in ("labels", "unclear")


def test_few_weights_stray_from_the_usual_by_chance():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(200, 1))
    named = [
        osolgil.diagnose(inputs, inputs[:, 0] > 0.0, hidden=(1, 1), epochs=20, seed=seed).cause
        for seed in range(4)
    ]
    assert "weights" not in named


def test_a_rate_out_of_reach_says_that_weights_stand_still():
    found = osolgil.diagnose("iris", hidden=(8,), epochs=10, learning_rate=1e-20)
    assert found.cause == "learning_rate_low"
    assert "stand still" in str(found)
    assert "거의 움직이지" in " ".join(found.sentences("ko"))


def test_repair_undoes_a_learning_rate_and_leaves_other_settings_alone():
    broken = BROKEN["learning_rate_low"]()
    found = examine(broken, 2)
    best = repair(broken, found.course, explain(found), 2).best
    assert best.remedy in ("rate_hundred", "rate_thousand", "adam")
    assert best.course.score > 0.9
    assert best.case.network == broken.network
    assert "--learning-rate" in best.options


def memorising():
    """Too wide, trained far too long, a third of the training targets wrong."""
    random, task = np.random.default_rng(0), case().task
    targets = task.targets.copy()
    wrong = random.choice(task.training, len(task.training) // 3, replace=False)
    targets[wrong] = np.roll(targets[wrong], 1, axis=1)
    made = with_task(targets=targets)
    wide = replace(
        made.network, widths=(made.network.widths[0], 128, 128, 3), activations=("relu", "relu", "identity")
    )
    return replace(made, network=wide, epochs=150)


def test_overfitting_is_named_and_stopping_where_it_was_best_repairs_it():
    broken = memorising()
    found = examine(broken, 2)
    explanation = explain(found)
    assert explanation.cause == "overfitting"
    assert found.course.score < 0.8
    best = repair(broken, found.course, explanation, 2).best
    assert best.course.score > found.course.score + 0.05
    assert (
        best.case.epochs < broken.epochs or best.case.run != broken.run or best.case.network != broken.network
    )
    assert f"--epochs {best.case.epochs}" in best.options


def test_the_best_epoch_is_a_mean_over_seeds_and_neighbours():
    scores = np.array([[0.1, 0.9, 0.1, 0.5, 0.6, 0.5], [0.1, 0.1, 0.1, 0.5, 0.6, 0.5]])
    course = Course(scores, scores, scores, np.array([False, False]), 0.0)
    assert course.best_epoch == 5  # the lucky second epoch of one seed does not count
    assert course.best_score == pytest.approx(1.6 / 3.0)
    diverged = replace(
        course, validation_score=scores * np.array([[1.0], [np.nan]]), diverged=np.array([False, True])
    )
    assert diverged.best_score == pytest.approx(0.8 / 3.0)


def test_every_cause_has_remedies_that_are_known():
    assert set(BY_CAUSE) == set(CAUSES)
    for cause in CAUSES:
        for remedy in remedies(cause):
            assert REMEDIES[remedy.name] is remedy
            assert f"remedy.{remedy.name}" in messages()
        assert f"cause.{cause}" in messages()
        assert f"finding.{cause}" in messages()


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_changes_a_case_or_declines(name):
    for broken in (
        case(depth=3),
        case(depth=3, activation="sigmoid"),
        BROKEN["loss"](),
        BROKEN["saturation"](),
    ):
        changed = REMEDIES[name].change(broken)
        assert changed is None or changed is not broken
        if changed is not None:
            assert changed.initial(0).shape == (changed.network.size,)
            assert "--hidden" in options_of(changed)


def test_a_reference_knows_chance_and_what_can_be_learned():
    reference = Reference.of(case().task)
    assert 0.3 < reference.chance < 0.5
    assert reference.best > 0.9
    random = np.random.default_rng(0)
    x, y = random.normal(size=(300, 4)).astype(np.float32), random.normal(size=(300, 1)).astype(np.float32)
    task = Task(x, y, np.arange(200), np.arange(200, 300), "squared_error")
    assert Reference.of(task).best < 0.1
    assert Reference.of(task).constant_loss == pytest.approx(float(y[:200].var()), rel=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_rows_held_out_in_turn_tell_targets_from_chance(classes):
    """Balanced classes are the trap: three quarters of the rows have most of what the fourth has least of."""
    random = np.random.default_rng(1)
    centres = np.repeat(np.arange(classes), 40)
    inputs = (random.normal(size=(len(centres), 2)) + 4.0 * centres[:, None]).astype(np.float32)
    targets = np.eye(classes, dtype=np.float32)[centres]
    rows = random.permutation(len(centres))
    task = Task(inputs, targets, rows[:-20], rows[-20:], "softmax_cross_entropy")
    assert Reference.of(task).told > 8.0
    shuffled = [Reference.of(replace(task, targets=random.permutation(targets))).told for _ in range(40)]
    assert max(shuffled) < 4.0
    assert np.mean(shuffled) < 1.0


def test_diagnose_writes_a_page_and_json_without_links(tmp_path):
    found = osolgil.diagnose(
        "iris", hidden=(8,) * 9, activation="sigmoid", epochs=20, repair=True, out=tmp_path
    )
    assert found.cause == "vanishing"
    assert json.loads((tmp_path / "diagnosis.json").read_text()) == json.loads(json.dumps(found.facts))
    page = (tmp_path / "diagnosis.html").read_text("utf-8")
    assert not re.search(r"<(link|script|img)[^>]+(href|src)=.https?:", page)
    for language in ("en", "ko"):
        said = found.sentences(language)
        assert len(said) >= 4
        assert all("{" not in sentence for sentence in said)
        for sentence in said[:-1]:
            assert sentence.split("&")[0][:30] in page
    assert found.facts["repair"]["best"]["score"] > found.facts["repair"]["before"]
    assert found.facts["theory"]["assumption"] in found.sentences("en")[-1]


def test_mistakes_are_one_sentence():
    with pytest.raises(SettingsError, match="no setting 'layers'"):
        osolgil.diagnose("iris", layers=3)
    with pytest.raises(SettingsError, match="learning_rate of Adam must be a number, not 'fast'"):
        osolgil.diagnose("iris", learning_rate="fast")
    with pytest.raises(SettingsError, match="must be positive"):
        osolgil.diagnose("iris", learning_rate=-1)
    with pytest.raises(SettingsError, match="sigmoid"):
        osolgil.diagnose("iris", activation="sigmoit")


def test_the_command_prints_bars_sentences_or_json(capsys):
    assert cli.main(["diagnose", "iris", "--hidden", "6x8", "--activation", "tanh", "--epochs", "10"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("10^") == 14
    assert "infinite width" in shown
    assert cli.main(["diagnose", "iris", "--epochs", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["explanation"]["state"] in ("healthy", "broken", "unclear")
    assert cli.main(["diagnose", "iris", "--epochs", "5", "--quiet", "--lang", "ko"]) == 0
    assert re.search("[가-힣]", capsys.readouterr().out)
    assert cli.main(["diagnose", "nowhere.csv"]) == 2


def test_all_that_a_diagnosis_needs_is_compiled_before_it_trains(monkeypatch):
    """What the second process is asked for: the optimizers and activations that remedies may try, and what looks."""
    asked = []
    monkeypatch.setattr(first_look, "compile_kernels", lambda *arguments: asked.append(arguments) or 0.5)
    assert first_look.compile_diagnosis(case(), repair=True) == 0.5
    *_, optimizers, activations, also = asked[0]
    needed = [
        changed for remedy in REMEDIES.values() if (changed := remedy.change(case(depth=3))) is not None
    ]
    assert {changed.run.optimizer for changed in needed} <= set(optimizers)
    assert {name for changed in needed for name in changed.network.activations[:-1]} <= {"tanh", *activations}
    module, _, function = also.partition(":")
    getattr(importlib.import_module(module), function)("float32")


@pytest.mark.long
def test_thirty_sigmoid_layers_on_digits():
    found = osolgil.diagnose("digits", hidden=(64,) * 30, activation="sigmoid", repair=True)
    assert found.cause == "vanishing"
    assert found.findings[0]["layer"] >= 25
    assert found.facts["repair"]["test_after"] >= 0.95


@pytest.mark.parametrize("scale", ["critical", "lsuv", "pytorch_default", "sparse"])
def test_every_kind_of_first_weights_is_predicted(scale):
    found = osolgil.diagnose("iris", hidden=(16,), epochs=10, learning_rate=0.01, initial_scale=scale)
    assert found.sentences()


@pytest.mark.parametrize("loss", ["cosine", "softmax_focal", "hinge"])
def test_losses_of_whole_rows_are_diagnosed(loss):
    assert osolgil.diagnose("iris", hidden=(8,), epochs=10, learning_rate=0.01, loss=loss).sentences()


def test_counts_weights_and_labels_are_diagnosed():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(200, 3))
    weights = random.uniform(0.5, 2.0, 200)
    counts = random.poisson(np.exp(inputs[:, 0])).astype(float)
    labels = (inputs[:, :2] > 0).astype(int)
    for targets, options in ((counts, {"loss": "poisson", "task": "regression"}), (labels, {})):
        found = osolgil.diagnose(
            inputs, targets, sample_weight=weights, hidden=(8,), epochs=10, learning_rate=0.01, **options
        )
        assert found.sentences()


def test_plain_models_are_held_against_a_quantile_as_the_network_is():
    """Ridge regression and the nearest rows answer means; where a quantile is asked for they are moved to it."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(600, 4))
    targets = inputs @ [1.0, -2.0, 0.5, 0.0] + random.exponential(size=600)
    wanted = targets[:, None].astype(np.float32)
    training, validation = np.arange(450), np.arange(450, 600)
    for loss, low in (("squared_error", 0.75), ("pinball(quantile=0.95)", 0.4)):
        task = Task(inputs.astype(np.float32), wanted, training, validation, loss)
        reference = Reference.of(task)
        assert reference.chance == 0.0
        assert low < reference.linear < 1.0
        assert 0.2 < reference.nearest < reference.linear
        assert reference.told > 10.0
