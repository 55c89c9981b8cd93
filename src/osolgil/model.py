"""A trained network with all it needs to predict raw rows: safetensors for numbers, JSON for the rest."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import answering, calibration, sealing
from osolgil.answering import Target
from osolgil.data import Dataset
from osolgil.data.preprocessing import Preprocessing
from osolgil.errors import DataError, OutputError, reason
from osolgil.files import read_bytes, read_json, write_bytes, write_json
from osolgil.formulas import own
from osolgil.network import Network

FORMAT = 3
_DIGESTS_SINCE = 2
_MOST_NETWORKS = 1024


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, its classes or target unit, and the preprocessing of its inputs.

    parameters: the flat vector (network.size,); running: averages of batch normalisation.
    class_names: of the classes, or of the labels where task is "multi-label".
    target_mean, target_scale: turn a regression output into the target's own unit; with link "log" the output
    is a logarithm, and its exponential is turned.
    made_by: what trained it, for people.
    others: parameters and running averages of further networks of the same shape, whose mean answer this model gives.
    target_limits: smallest and largest number it answers, those of the training rows; None for no limit.
    other_targets: where it answers several numbers, those after the first, which target_name … target_limits are.
    quantiles: where it answers these instead of a mean, so many groups of networks, in this order, each of its own.
    calibration: what makes probabilities of classes or labels of the outputs, in place of softmax or sigmoid.
    """

    network: Network
    parameters: np.ndarray
    running: np.ndarray
    task: str
    class_names: tuple[str, ...] | None
    target_name: str
    target_mean: float
    target_scale: float
    preprocessing: Preprocessing
    made_by: dict[str, Any] = field(default_factory=dict)
    link: str = "identity"
    others: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    target_limits: tuple[float, float] | None = None
    other_targets: tuple[Target, ...] = ()
    quantiles: tuple[float, ...] = ()
    calibration: calibration.Calibration | None = None

    @classmethod
    def of(
        cls,
        data: Dataset,
        network: Network,
        parameters: np.ndarray,
        running: np.ndarray,
        made_by: dict[str, Any],
    ) -> Model:
        """A model from a network trained on a data set."""
        return cls(
            network, parameters, running, data.task, data.class_names, data.target_name, data.target_mean,
            data.target_scale, data.preprocessing, made_by, data.link, other_targets=data.other_targets,
        )  # fmt: skip

    @property
    def members(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Parameters and running averages of every network: one, or as many as the ensemble has."""
        return ((self.parameters, self.running), *self.others)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every number it answers; meaningless where it answers classes or labels."""
        first = Target(self.target_name, self.target_mean, self.target_scale, self.target_limits)
        return (first, *self.other_targets)

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs (rows, outputs) for preprocessed inputs (rows, features): of several networks, `combined`.

        With quantiles (rows, quantiles · outputs), the outputs of every quantile side by side.
        """
        if not self.others:
            from osolgil.engines.cpu.fleet import outputs

            return outputs(self.network, self.parameters, self.running, inputs)
        from osolgil.mean_answers import combined

        members = self.member_outputs(inputs)
        groups = np.split(members, max(len(self.quantiles), 1))
        return np.hstack([combined(group, self.task, self.link) for group in groups])

    def member_outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Every network's own outputs (networks, rows, outputs)."""
        from osolgil.engines.cpu.fleet import outputs

        return np.stack([outputs(self.network, *member, inputs) for member in self.members])

    def probabilities(self, inputs: Any) -> np.ndarray:
        """Probability of every class (rows, classes) or label (rows, labels) for raw rows: see `shares`."""
        if self.class_names is None:
            raise DataError("This model predicts a number, which has no class probabilities.")
        return self.shares(self.outputs(self.preprocessing.transform(inputs)))

    def shares(self, outputs: np.ndarray) -> np.ndarray:
        """The softmax of the network's outputs, or each label's sigmoid, as calibrated, in float64.

        They are probabilities after a cross-entropy, else only numbers in the same order as the outputs.
        """
        if self.calibration is not None:
            return self.calibration(outputs)
        return answering.shares_of(outputs, self.task == "multi-label")

    def predict(self, inputs: Any) -> np.ndarray:
        """Class names, or the target in its own unit, (rows,), for raw rows: a DataFrame or an array.

        Of several labels, 0 or 1 for each, (rows, labels). Of several targets (rows, targets), of quantiles (rows,
        quantiles), of both (rows, targets, quantiles).
        """
        return self.answers(self.outputs(self.preprocessing.transform(inputs)))

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """What the network's outputs say: class names, labels, or the target in its own unit."""
        if self.class_names is None:
            return answering.numbers(outputs, self.targets, self.link, self.quantiles)
        labels = self.task == "multi-label"
        if self.calibration is None:
            most, scores = 0.0, outputs
        else:
            most, scores = 0.5, self.shares(outputs)
        if labels:
            return (scores > most).astype(np.int64)
        return np.array(self.class_names, dtype=object)[scores.argmax(axis=1)]

    def export(self, to: str, out: str | Path, *, inputs: str = "raw") -> list[Path]:
        """Write it as an ONNX graph, a PyTorch module, a Python or a C file: see `osolgil.export`."""
        from osolgil.exports import export

        return export(self, to, out, inputs=inputs)

    def __repr__(self) -> str:
        layers = "-".join(map(str, self.network.widths))
        return f"Model({self.target_name!r}, {self.task}, {layers}, {self.network.size} parameters)"

    def _repr_html_(self) -> str:
        """What it predicts and from what, which a notebook shows by itself."""
        from osolgil import notebooks

        names = [name.partition("@")[0] for name in self.network.activations]
        made = self.made_by
        settings = ", ".join(f"{name} {value:g}" for name, value in made.get("hyperparameters", {}).items())
        content = {
            "predicts": self.target_name,
            "task": self.task,
            "classes": ", ".join(self.class_names or ()),
            "layers": " → ".join(map(str, self.network.widths)),
            "activations": ", ".join(names),
            "parameters": f"{self.network.size:,}",
            "trained by": f"{str(made['optimizer']).partition('@')[0]} ({settings})"
            if "optimizer" in made
            else "",
            "epochs": made.get("epochs"),
            "data": made.get("data"),
        }
        return notebooks.facts("Model", content)

    @property
    def schema(self) -> dict[str, Any]:
        """What it takes, column by column, and what it answers; stored with the model and with every export."""
        from osolgil.schema import answer_of, inputs_of

        calibrated = self.calibration and self.calibration.to_json()["kind"]
        answer = answer_of(self.task, self.class_names, self.link, self.targets, self.quantiles, calibrated)
        return {"inputs": inputs_of(self.preprocessing), "answer": answer}

    def save(self, folder: Path) -> None:
        """Write model.safetensors and model.json into a folder; the JSON, written last, completes it."""
        from safetensors.numpy import save

        content = save({name: np.ascontiguousarray(values) for name, values in _tensors(self).items()})
        write_bytes(folder / "model.safetensors", content)
        write_json(folder / "model.json", sealing.sealed(self._facts(), content))

    def _facts(self) -> dict[str, Any]:
        from osolgil import __version__

        return {
            "format": FORMAT,
            "version": __version__,
            "schema": self.schema,
            "network": self.network.to_dict(),
            "formulas": own.facts_of([("activation", name) for name in self.network.activations]),
            "precision": self.parameters.dtype.name,
            "task": self.task,
            "class_names": list(self.class_names) if self.class_names is not None else None,
            "target_name": self.target_name,
            "target_mean": self.target_mean,
            "target_scale": self.target_scale,
            "link": self.link,
            **({"networks": len(self.members)} if self.others else {}),
            **({"target_limits": list(self.target_limits)} if self.target_limits else {}),
            **(
                {"other_targets": [asdict(target) for target in self.other_targets]}
                if self.other_targets
                else {}
            ),
            **({"quantiles": list(self.quantiles)} if self.quantiles else {}),
            **({"calibration": self.calibration.to_json()} if self.calibration else {}),
            "preprocessing": self.preprocessing.to_json(),
            "made_by": self.made_by,
        }

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read a model from its folder, its model.json or its model.safetensors; no code in them is executed.

        An activation of its author's own is arithmetic written in the vocabulary's words: it is read word by word,
        refused where it holds anything else, and only then compiled, like a formula of the catalog.

        Models of every earlier format load. Raises OutputError where a file is missing, damaged, exchanged for
        another model's, of another kind, or of a format that only a newer osolgil knows.
        """
        folder = Path(path).expanduser()
        if folder.is_file():
            folder = folder.parent if folder.name.startswith("model.") else folder
        if not (folder / "model.json").is_file():
            raise OutputError(f"There is no model at {path}; give the folder a race or a training wrote.")
        facts = read_json(folder / "model.json")
        sealing.check_format(facts, FORMAT, folder / "model.json", "model")
        content = read_bytes(folder / "model.safetensors", "model")
        try:
            if facts["format"] >= _DIGESTS_SINCE:
                sealing.check(facts, content)
            return cls._from(facts, sealing.tensors_in(content))
        except sealing.DAMAGES as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(
                f"The model in {folder} is damaged ({reason(error)}); train it again."
            ) from error

    @classmethod
    def _from(cls, facts: dict[str, Any], tensors: dict[str, np.ndarray]) -> Model:
        own.restore(facts.get("formulas", {}))
        network = Network.from_dict(facts["network"])
        networks = int(facts.get("networks", 1))
        if not 1 <= networks <= _MOST_NETWORKS:
            raise ValueError(f"its number of networks is {networks}")
        _check_size(network, networks, tensors)
        classes = facts["class_names"]
        if facts["precision"] not in ("float32", "float64"):
            raise ValueError("its precision is neither float32 nor float64")
        others = tuple(_target(target) for target in facts.get("other_targets", ()))
        answers = len(classes) if classes else 1 + len(others)
        if (facts["task"] != "regression") != bool(classes) or answers != network.widths[-1]:
            raise ValueError("its answers do not fit its network")
        quantiles = tuple(map(float, facts.get("quantiles", ())))
        if not all(0 < level < 1 for level in quantiles) or networks % max(len(quantiles), 1):
            raise ValueError("its quantiles do not fit its networks")
        if facts.get("link", "identity") not in ("identity", "log"):
            raise ValueError("its link is neither identity nor log")
        first = (np.zeros(network.size, facts["precision"]), network.initial_running(facts["precision"]))
        limits = facts.get("target_limits")
        model = cls(
            network,
            *first,
            facts["task"],
            tuple(map(str, classes)) if classes else None,
            str(facts["target_name"]),
            float(facts["target_mean"]),
            float(facts["target_scale"]),
            Preprocessing.from_json(facts["preprocessing"]),
            dict(facts["made_by"]),
            facts.get("link", "identity"),
            tuple((np.zeros_like(first[0]), first[1].copy()) for _ in range(networks - 1)),
            (float(limits[0]), float(limits[1])) if limits else None,
            others,
            quantiles,
            calibration.from_json(facts.get("calibration"), answers),
        )
        if len(model.preprocessing.feature_names) != network.widths[0]:
            raise ValueError("its inputs do not fit its network")
        views = _tensors(model)
        if {name: view.shape for name, view in views.items()} != {n: t.shape for n, t in tensors.items()}:
            raise ValueError("its tensors do not fit its network")
        for name, view in views.items():
            view[...] = tensors[name]
        return model


def _target(facts: dict[str, Any]) -> Target:
    limits = facts["limits"]
    bounds = None if limits is None else (float(limits[0]), float(limits[1]))
    return Target(str(facts["name"]), float(facts["mean"]), float(facts["scale"]), bounds)


def _tensors(model: Model) -> dict[str, np.ndarray]:
    """Views of a model's numbers by name: layer0.weight (inputs, outputs), layer0.bias …, network1.layer0.weight …"""
    tensors = {}
    for number, (parameters, running) in enumerate(model.members):
        whose = f"network{number}." if number else ""
        for place, layer in enumerate(model.network.unpack(parameters)):
            tensors |= {f"{whose}layer{place}.{name}": values for name, values in layer.items()}
        for place, (mean, variance) in model.network.unpack_running(running).items():
            tensors[f"{whose}layer{place}.running_mean"] = mean
            tensors[f"{whose}layer{place}.running_variance"] = variance
    return tensors


def _check_size(network: Network, networks: int, tensors: dict[str, np.ndarray]) -> None:
    """Refuse networks of another size than their numbers before memory is taken for them."""
    if networks * (network.size + network.running_size) != sum(tensor.size for tensor in tensors.values()):
        raise ValueError("its tensors do not fit its network")
