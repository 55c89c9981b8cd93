"""An estimator in a folder: numbers as safetensors, all else as JSON; reading it executes nothing.

The folder is a model's too: `osolgil predict`, `osolgil export` and `osolgil.Model.load` take it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__, calibration, sealing
from osolgil.answering import Target
from osolgil.data.preprocessing import Preprocessing
from osolgil.data.source import digest
from osolgil.errors import OutputError, SettingsError, reason
from osolgil.estimators.answers import Amounts, Labels
from osolgil.estimators.inputs import Features
from osolgil.estimators.numbers import Numbers
from osolgil.estimators.prediction import Predictor
from osolgil.files import read_bytes, read_json, told_plainly, write_bytes, write_json
from osolgil.formulas import catalog, own
from osolgil.model import Model
from osolgil.network import Network

FORMAT = 2
_SEALED_SINCE = 2
_FITTED = ("n_features_in_", "loss_curve_", "validation_losses_", "validation_scores_", "n_iter_", "best_epoch_",
           "made_by_", "n_outputs_")  # fmt: skip
_FORMULAS = {"activation": "activation", "loss": "loss", "optimizer": "optimizer"}
_TUPLES = ("hidden", "activation", "quantiles")


def save(estimator: Any, folder: str | Path) -> None:
    """Write a fitted estimator into a folder; the JSON, written last, completes it.

    What only the session knows is not kept: callbacks, a RandomState, the verdict of a race, partial_fit's state.
    """
    from safetensors.numpy import save as packed
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(estimator)
    place = Path(folder).expanduser()
    with told_plainly(place):
        place.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for group, predictor in enumerate(estimator._predictors):
        tensors[f"group{group}.parameters"] = np.ascontiguousarray(predictor.thetas)
        tensors[f"group{group}.running"] = np.ascontiguousarray(predictor.runnings)
    content = packed(tensors)
    write_bytes(place / "estimator.safetensors", content)
    to_model(estimator).save(place)
    write_json(place / "estimator.json", sealing.sealed(_facts(estimator), content))


def load(folder: str | Path) -> Any:
    """The estimator `save` wrote: the same predictions to the bit, whatever format it was written in.

    Raises OutputError where a file is missing, damaged, exchanged for another's, or written by a newer osolgil.
    """
    from osolgil.estimators.classifier import DeepClassifier
    from osolgil.estimators.regressor import DeepRegressor

    place = Path(folder).expanduser()
    if not (place / "estimator.json").is_file():
        found = (place / "model.json").is_file()
        why = (
            "it holds a model, which osolgil.Model.load reads" if found else "give the folder that save wrote"
        )
        raise OutputError(f"There is no estimator in {folder}; {why}.")
    facts = read_json(place / "estimator.json")
    sealing.check_format(facts, FORMAT, place / "estimator.json", "estimator")
    content = read_bytes(place / "estimator.safetensors", "estimator")
    try:
        tensors = sealing.tensors_in(content)
        _check_digests(facts, content, tensors)
        own.restore(facts["formulas"])
        kinds = {cls.__name__: cls for cls in (DeepClassifier, DeepRegressor)}
        estimator = kinds[facts["class"]](**{name: _given(name, v) for name, v in facts["params"].items()})
        _restore(estimator, facts, tensors)
    except sealing.DAMAGES as error:
        if isinstance(error, OutputError):
            raise
        said = reason(error)
        raise OutputError(f"The estimator in {place} is damaged ({said}); save it again.") from error
    return estimator


def to_model(estimator: Any) -> Model:
    """The same networks as an `osolgil.Model`, its classes as texts.

    An ensemble's model averages in another order, which may differ in the last bits.
    """
    answers, predictors = estimator._answers, estimator._predictors
    members = [
        (theta.copy(), running.copy())
        for predictor in predictors
        for theta, running in zip(predictor.thetas, predictor.runnings, strict=True)
    ]
    amounts = isinstance(answers, Amounts)
    first, *others = answers.described() if amounts else [Target("target", 0.0, 1.0)]
    return Model(
        predictors[0].network,
        *members[0],
        answers.task,
        None if amounts else tuple(map(str, answers.classes)),
        first.name,
        first.mean,
        first.scale,
        estimator._features.preprocessing,
        dict(estimator.made_by_),
        answers.link if amounts else "identity",
        tuple(members[1:]),
        first.limits,
        tuple(others),
        answers.quantiles if amounts else (),
        estimator._calibration,
    )


def _facts(estimator: Any) -> dict[str, Any]:
    predictor, features = estimator._predictors[0], estimator._features
    formulas = [("activation", name) for name in predictor.network.activations]
    params = {}
    for name, value in estimator.get_params(deep=False).items():
        params[name] = _stored(name, value, formulas)
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "format": FORMAT,
        "version": __version__,
        "class": type(estimator).__name__,
        "params": params,
        "formulas": own.facts_of(formulas),
        "network": predictor.network.to_dict(),
        "groups": len(estimator._predictors),
        "features": features.preprocessing.to_json(),
        "answers": _answer_facts(estimator._answers),
        "calibration": None if estimator._calibration is None else estimator._calibration.to_json(),
        "feature_names": None if names is None else list(map(str, names)),
        "fitted": {name: getattr(estimator, name) for name in _FITTED if hasattr(estimator, name)},
    }


def _stored(name: str, value: Any, formulas: list[tuple[str, str]]) -> Any:
    """A setting as JSON: an own formula as its name, a dictionary as pairs, what only this session knows as None."""
    if name in _FORMULAS and value is not None:
        several = isinstance(value, (list, tuple))
        texts = [_formula(_FORMULAS[name], part, formulas) for part in (value if several else [value])]
        return texts if several else texts[0]
    if isinstance(value, dict):
        return {"pairs": [[_plain(key), _plain(entry)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple, np.ndarray)) and name in _TUPLES:
        return [_plain(part) for part in value]
    try:
        return _plain(value)
    except SettingsError:
        if name in ("callbacks", "random_state", "class_weight", "race"):
            return None
        raise


def _formula(kind: str, value: Any, formulas: list[tuple[str, str]]) -> str:
    if not own.is_own(value):
        return str(value)
    row = getattr(catalog, kind)(value)
    formulas.append((kind, row.name))
    return row.name


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    raise SettingsError(f"The setting {value!r} cannot be saved; set it to a name or a number.")


def _given(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return dict(value["pairs"])
    return tuple(value) if name in _TUPLES and isinstance(value, list) else value


def _answer_facts(answers: Labels | Amounts) -> dict[str, Any]:
    if isinstance(answers, Amounts):
        limits = None if answers.limits is None else [part.tolist() for part in answers.limits]
        return {"mean": answers.mean.tolist(), "scale": answers.scale.tolist(), "link": answers.link,
                "flat": answers.flat, "limits": limits, "quantiles": list(answers.quantiles)}  # fmt: skip
    classes = answers.classes
    if classes.dtype.kind not in "biufUO":
        raise SettingsError(f"Classes of type {classes.dtype} cannot be saved; use numbers or texts.")
    return {
        "classes": [_plain(label) for label in classes.tolist()],
        "dtype": classes.dtype.str if classes.dtype != object else "object",
        "multilabel": answers.multilabel,
    }


def _answers_of(facts: dict[str, Any]) -> Labels | Amounts:
    if "mean" in facts:
        link = facts["link"]
        if link not in ("identity", "log"):
            raise ValueError("its link is neither identity nor log")
        mean, scale = np.array(facts["mean"], float), np.array(facts["scale"], float)
        limits = None if facts["limits"] is None else tuple(np.array(part, float) for part in facts["limits"])
        if limits is not None and [part.shape for part in limits] != [mean.shape, mean.shape]:
            raise ValueError("its limits do not fit its targets")
        quantiles = tuple(map(float, np.atleast_1d(facts["quantiles"])))
        return Amounts(mean, scale, link, bool(facts["flat"]), limits, quantiles)  # type: ignore[arg-type]
    dtype = np.dtype(object if facts["dtype"] == "object" else facts["dtype"])
    return Labels(np.array(facts["classes"], dtype), bool(facts["multilabel"]))


def _restore(estimator: Any, facts: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    network = Network.from_dict(facts["network"])
    preprocessing = Preprocessing.from_json(facts["features"])
    numbers = Numbers.of(preprocessing) if preprocessing.divisor is None else None
    estimator._features = Features(preprocessing, numbers)
    earlier = {"quantiles": facts["params"].get("quantiles") or ()}  # where format 1 had them
    estimator._answers = _answers_of(earlier | facts["answers"])
    if (
        len(preprocessing.feature_names) != network.widths[0]
        or estimator._answers.outputs != network.widths[-1]
    ):
        raise ValueError("its inputs or outputs do not fit its network")
    if int(facts["groups"]) != max(len(getattr(estimator._answers, "quantiles", ())), 1):
        raise ValueError("its quantiles do not fit its networks")
    estimator._predictors = []
    for group in range(int(facts["groups"])):
        thetas, runnings = tensors[f"group{group}.parameters"], tensors[f"group{group}.running"]
        if thetas.shape[1:] != (network.size,) or runnings.shape[1:] != (max(network.running_size, 1),):
            raise ValueError("its tensors do not fit its network")
        estimator._predictors.append(Predictor(network, thetas, runnings))
    estimator._calibration = calibration.from_json(facts["calibration"], estimator._answers.outputs)
    estimator._state, estimator.network_ = None, network
    if isinstance(estimator._answers, Labels):
        estimator.classes_ = estimator._answers.classes
    if facts["feature_names"] is not None:
        estimator.feature_names_in_ = np.array(facts["feature_names"], dtype=object)
    for name, value in facts["fitted"].items():
        if name not in _FITTED:
            raise ValueError(f"it has an attribute '{name}' that estimators do not have")
        setattr(estimator, name, value)


def _check_digests(facts: dict[str, Any], content: bytes, tensors: dict[str, np.ndarray]) -> None:
    if facts["format"] >= _SEALED_SINCE:
        sealing.check(facts, content)
        return
    found = digest(*(part for name in sorted(tensors) for part in (name, tensors[name])))
    if found != facts["digest"]:
        raise ValueError("estimator.safetensors does not belong to its estimator.json")
