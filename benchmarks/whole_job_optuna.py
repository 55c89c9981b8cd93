"""Optuna over a PyTorch training loop: a single-threaded process per core, sharing one journal."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from torch import nn
from torch.nn import functional

STUDY = "digits"


def main() -> None:
    arrays, folder = Path(sys.argv[1]), Path(sys.argv[2])
    job = json.loads((folder / "job.json").read_text())
    _study(folder, job, create=True)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(arrays, folder, seed)) for seed in range(job["cores"])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"a worker ended with status {worker.exitcode}")
    (folder / "result.json").write_text(json.dumps(conclude(arrays, folder, job)))


def space(job: dict[str, Any]) -> dict[str, list[Any]]:
    """Optimizer, position in that optimizer's learning-rate grid, seed."""
    positions = list(range(len(next(iter(job["learning_rates"].values())))))
    return {"optimizer": job["optimizers"], "position": positions, "seed": list(range(job["seeds"]))}


def _study(folder: Path, job: dict[str, Any], create: bool = False, seed: int = 0) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
    sampler = (
        optuna.samplers.GridSampler(space(job), seed=seed)
        if job["sampler"] == "grid"
        else optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    )
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=2)
        if job["pruner"] == "median"
        else optuna.pruners.SuccessiveHalvingPruner(min_resource=3, reduction_factor=3)
    )
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name=STUDY,
        direction="maximize",
        sampler=sampler,
        pruner=pruner,
        load_if_exists=not create,
    )


def work(arrays: Path, folder: Path, seed: int) -> None:
    """One core's share of the trials, until the budget (the size of the grid) is spent."""
    torch.set_num_threads(1)
    job = json.loads((folder / "job.json").read_text())
    split = load(arrays)
    choices = space(job)

    def objective(trial: optuna.Trial) -> float:
        optimizer = trial.suggest_categorical("optimizer", choices["optimizer"])
        position = trial.suggest_categorical("position", choices["position"])
        number = trial.suggest_categorical("seed", choices["seed"])
        rate = job["learning_rates"][optimizer][position]
        return train(split, job, optimizer, rate, number, trial)[1]

    budget = len(choices["optimizer"]) * len(choices["position"]) * len(choices["seed"])
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    stop = optuna.study.MaxTrialsCallback(budget, states=states)
    _study(folder, job, seed=seed).optimize(objective, callbacks=[stop])


def load(arrays: Path) -> dict[str, torch.Tensor]:
    with np.load(arrays) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored.files}


def make_optimizer(name: str, model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """The textbook optimizers in PyTorch's fastest form."""
    choices = model.parameters()
    if name in ("sgd", "momentum", "nesterov"):
        momentum = 0.0 if name == "sgd" else 0.9
        return torch.optim.SGD(choices, rate, momentum=momentum, nesterov=name == "nesterov", fused=True)
    if name == "adagrad":
        return torch.optim.Adagrad(choices, rate, fused=True)
    if name == "rmsprop":
        return torch.optim.RMSprop(choices, rate, foreach=True)
    return torch.optim.Adam(choices, rate, fused=True)


def train(
    split: dict[str, torch.Tensor],
    job: dict[str, Any],
    optimizer_name: str,
    rate: float,
    seed: int,
    trial: optuna.Trial | None = None,
) -> tuple[nn.Module, float]:
    """One network; after each epoch the validation accuracy is reported and the pruner asked."""
    random = torch.Generator().manual_seed(seed)
    inputs, targets = split["train_inputs"], split["train_targets"]
    model = build([inputs.shape[1], *job["hidden"], int(targets.max()) + 1], random)
    optimizer = make_optimizer(optimizer_name, model, rate)
    accuracy = 0.0
    for epoch in range(job["epochs"]):
        order = torch.randperm(len(inputs), generator=random)
        batches = inputs.index_select(0, order).split(job["batch"])
        for rows, labels in zip(batches, targets.index_select(0, order).split(job["batch"]), strict=True):
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(model(rows), labels).backward()
            optimizer.step()
        accuracy = score(model, split, "validation")
        if trial is not None:
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
    return model, accuracy


def build(widths: list[int], random: torch.Generator) -> nn.Sequential:
    """He normal matrices, zero biases, ReLU between."""
    layers: list[nn.Module] = []
    for first, second in itertools.pairwise(widths):
        linear = nn.Linear(first, second)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=random)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@torch.inference_mode()
def score(model: nn.Module, split: dict[str, torch.Tensor], part: str) -> float:
    guessed = model(split[f"{part}_inputs"]).argmax(1)
    return float((guessed == split[f"{part}_targets"]).float().mean())


def conclude(arrays: Path, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """The setting with the best mean over its finished seeds, trained anew on a fresh seed and tested."""
    torch.set_num_threads(1)
    trials = _study(folder, job).trials
    finished: dict[tuple[str, int], list[float]] = {}
    for trial in trials:
        if trial.state == optuna.trial.TrialState.COMPLETE and trial.value is not None:
            key = (trial.params["optimizer"], trial.params["position"])
            finished.setdefault(key, []).append(trial.value)
    # A setting counts by its seeds that were not pruned, so one lucky seed must not win: most seeds first.
    most = max(len(values) for values in finished.values())
    sure = {key: values for key, values in finished.items() if 2 * len(values) >= most}
    optimizer, position = max(sure, key=lambda key: statistics.fmean(sure[key]))
    rate = job["learning_rates"][optimizer][position]
    split = load(arrays)
    model, _ = train(split, job, optimizer, rate, seed=job["seeds"])
    torch.save(model.state_dict(), folder / "model.pt")
    return {
        "test_accuracy": score(model, split, "test"),
        "networks": len(trials) + 1,
        "optimizers": len(job["optimizers"]),
        "pruned": sum(trial.state == optuna.trial.TrialState.PRUNED for trial in trials),
        "chosen": {"optimizer": optimizer, "learning_rate": rate},
    }


if __name__ == "__main__":
    main()
