"""A fitted estimator as an ONNX graph, a PyTorch module, a Python or a C file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from osolgil.errors import SettingsError
from osolgil.estimators.answers import Amounts
from osolgil.estimators.saving import to_model


def export(estimator: Any, to: str, out: str | Path, inputs: str = "raw") -> list[Path]:
    """Write it, preprocessing included: see `osolgil.export`. Raises SettingsError for what no export carries."""
    from osolgil.exports import export as write

    check_is_fitted(estimator)
    model = to_model(estimator)
    if model is None:
        raise SettingsError(f"{_reason(estimator)}, which no export can carry; fit an estimator without.")
    return write(model, to, out, inputs=inputs)


def _reason(estimator: Any) -> str:
    if estimator._calibration is not None:
        return "This estimator calibrates its probabilities"
    if isinstance(estimator._answers, Amounts) and estimator._answers.outputs > 1:
        return f"This estimator predicts {estimator._answers.outputs} targets"
    return f"This estimator predicts {len(estimator._predictors)} quantiles"
