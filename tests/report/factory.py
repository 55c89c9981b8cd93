"""Verdicts and histories such as a race writes, made up: for pages, sentences and recipes."""

import json
from typing import Any

import numpy as np

from osolgil.formulas import catalog
from osolgil.messages import Message
from osolgil.network import Network
from osolgil.race.settings import RaceSettings, entrants
from osolgil.race.statistics import compare, interval, profile

LECTURE = (
    "adam",
    "nadam",
    "adamw",
    "rmsprop",
    "adamax",
    "momentum",
    "nesterov",
    "sgd",
    "adagrad",
    "adadelta",
    "gradient_descent",
)


def verdict(
    optimizers=LECTURE,
    *,
    task="classification",
    ties=1,
    diverged=(),
    under_tuned=(),
    linear=0.0,
    seed=1,
    hyperparameters=None,
    features=12,
    classes=3,
    name="penguins",
    weights=None,
    **settings: Any,
):
    """Facts of a race in which entrants end in the order given; `ties` of them may be the best."""
    regression = task == "regression"
    chosen = RaceSettings(entrants=entrants(optimizers), **settings).completed(task, 1_000)
    network = chosen.network(features, 1 if regression else classes)
    random = np.random.default_rng(seed)
    top, noise = (0.82, 0.004) if regression else (0.941, 0.003)
    common = random.normal(0, noise, chosen.confirmation_seeds)
    rows = []
    for place, optimizer in enumerate(optimizers):
        distance = 0.0 if place < ties else 0.012 * (place - ties + 1) + 0.004
        own = random.normal(0, noise / (3.0 if ties == 1 else 1.0), len(common))
        scores = None if optimizer in diverged else np.minimum(top - distance + common + own, 1.0)
        rows.append(_row(optimizer, scores, hyperparameters or {}, chosen, random))
    rows.sort(key=lambda row: -row["mean"] if row["mean"] is not None else np.inf)
    _rank(rows, chosen.confidence, under_tuned)
    alive = [row for row in rows if row["standing"] != "diverged"]
    may_win = [row["entrant"] for row in rows if row["standing"] in ("winner", "tied")]
    steps = {row["entrant"]: random.integers(150, 4_000, len(common)).astype(float) for row in alive}
    return {
        "format": 1,
        "version": "0.1.0",
        "data": {
            "name": name,
            "fingerprint": "9f" * 32,
            "task": task,
            "target": "price" if regression else "species",
            "rows": {"train": 640, "validation": 160, "test": 200},
            "features": features,
            "classes": None if regression else [f"class {place}" for place in range(classes)],
            "score": "r2" if regression else "accuracy",
            "weights": weights,
            "notes": [
                Message("note.text_number", names=["TotalCharges"]).facts(),
                Message("caution.leak", name="id", target="Churn").facts(),
            ],
        },
        "settings": chosen.to_dict(),
        "network": {
            "widths": list(network.widths),
            "activations": list(network.activations),
            "parameters": network.size,
        },
        "leaderboard": rows,
        "winner": may_win[0] if len(may_win) == 1 else None,
        "ties": may_win,
        "recommended": may_win[0] if may_win else None,
        "target": {
            "score": 0.99 * top if alive else None,
            "meaning": "1 % below the best mean score on fresh seeds",
        },
        "learning_rate_sensitivity": {row["entrant"]: _sensitivity(row, chosen, random, top) for row in rows},
        "performance_profile": profile(steps) if alive else {},
        "test": {
            "winner": {"score": top - 0.004, "loss": 0.21} if may_win else None,
            "baseline": {
                "name": "mean" if regression else "majority class",
                "score": -0.003 if regression else 0.441,
            },
            "linear": {
                "name": "ridge regression" if regression else "logistic regression",
                "score": top - 0.03 + linear,
            },
        },
        "model": {"entrant": may_win[0], "seed": 1004, "files": ["model.safetensors", "model.json"]}
        if may_win
        else None,
        "work": {
            "runs": 620,
            "eliminated": 180,
            "diverged": 31,
            "training_steps": 184_000,
            "floating_point_operations": 91_000_000_000,
        },
        "seconds": {"data": 0.4, "compile": 1.9, "train": 21.7, "total": 24.6, "gflop_per_second": 41.2},
    }


def history(facts, seed=2) -> dict[str, np.ndarray]:
    """Epoch by epoch losses and scores of the fresh seeds, as `history.parquet` holds them."""
    random = np.random.default_rng(seed)
    epochs = np.arange(1, facts["settings"]["epochs"] + 1)
    rows: list[tuple[Any, ...]] = []
    for place, row in enumerate(facts["leaderboard"]):
        if row["hyperparameters"] is None:
            continue
        text = json.dumps(row["hyperparameters"])
        for run in range(max(len(row["scores"]), 3)):
            speed = 0.25 / (1 + 0.35 * place) * random.uniform(0.8, 1.25)
            training = 1.1 * np.exp(-speed * epochs) + 0.05 * np.exp(random.normal(0, 0.2, len(epochs)))
            validation = training + 0.06 + 0.002 * epochs + random.normal(0, 0.008, len(epochs))
            for epoch, loss, other in zip(epochs, training, validation, strict=True):
                rows.append(
                    (
                        "confirm",
                        row["entrant"],
                        row["hyperparameters"]["learning_rate"],
                        text,
                        1000 + run,
                        epoch,
                        epoch * 10,
                        loss,
                        other,
                        0.95 - 0.4 * other,
                        "finished",
                    )
                )
    names = (
        "phase",
        "entrant",
        "learning_rate",
        "hyperparameters",
        "seed",
        "epoch",
        "step",
        "training_loss",
        "validation_loss",
        "validation_score",
        "state",
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {
        name: np.array(column, object if name in ("phase", "entrant", "hyperparameters", "state") else float)
        for name, column in zip(names, columns, strict=True)
    }


def network_of(facts) -> Network:
    """The network the facts describe."""
    settings = facts["settings"]
    return Network(
        tuple(facts["network"]["widths"]),
        tuple(facts["network"]["activations"]),
        settings["normalization"],
        settings["residual"],
        settings["initial_scale"],
    )


def everything_diverged():
    """Facts of a race of which nothing is left."""
    return verdict(("sgd", "adam"), diverged=("sgd", "adam"))


def _row(optimizer, scores, hyperparameters, settings, random):
    row = catalog.optimizer(optimizer)
    facts = {"entrant": row.name, "optimizer": row.name, "title": row.title, "settings_tried": 9}
    facts |= {"grid_extended": row.name == "sgd", "search_widened": row.name == "adamw"}
    if scores is None:
        return facts | {
            "hyperparameters": None,
            "standing": "diverged",
            "scores": [],
            "mean": None,
            "median": None,
            "interval": None,
            "difference": None,
            "validation_loss": None,
            "diverged_share": 1.0,
            "steps_to_target": {"median": None, "reached_share": 0.0},
            "tunability_decades": 0.0,
        }
    reached = float(random.choice([0.0, 0.6, 1.0], p=[0.2, 0.2, 0.6]))
    return facts | {
        "hyperparameters": row.hyperparameters(**{"learning_rate": 0.0031622776601683794, **hyperparameters}),
        "standing": "tied",
        "scores": scores.tolist(),
        "mean": float(scores.mean()),
        "median": float(np.median(scores)),
        "interval": list(interval(scores.tolist(), settings.confidence)),
        "difference": None,
        "validation_loss": 0.2,
        "diverged_share": float(random.choice([0.0, 0.0, 0.0, 0.2])),
        "steps_to_target": {
            "median": int(random.integers(100, 900)) if reached > 0.5 else None,
            "reached_share": reached,
        },
        "tunability_decades": float(random.choice([0.0, 0.5, 1.0, 1.5])),
    }


def _rank(rows, confidence, under_tuned):
    for place, row in enumerate(rows):
        row["rank"] = place + 1
        if place == 0 or row["mean"] is None:
            continue
        paired = compare(row["scores"], rows[0]["scores"], confidence, len(rows) - 1)
        row["difference"] = {
            "mean": paired.mean,
            "interval": [paired.low, paired.high],
            "p_value": paired.p_value,
        }
        row["standing"] = "behind" if paired.behind else "tied"
        if row["entrant"] in under_tuned:
            row["standing"] = "under-tuned"
    if [row["standing"] for row in rows].count("tied") == 1 and rows[0]["mean"] is not None:
        rows[0]["standing"] = "winner"


def _sensitivity(row, settings, random, top):
    rates = settings.learning_rates
    if isinstance(rates, int):
        rates = 10.0 ** np.linspace(
            -4.5, -0.5 + 0.5 * (row["entrant"] == "sgd"), rates + (row["entrant"] == "sgd")
        )
    points = []
    for place, rate in enumerate(rates):
        score = top - 0.05 * (np.log10(rate) + 2.5) ** 2
        gone = row["standing"] == "diverged" or rate > 0.2
        state = "diverged" if gone else "eliminated" if place in (1, 6) else "finished"
        spread = random.uniform(0.004, 0.02)
        points.append(
            {
                "learning_rate": float(rate),
                "mean": None if gone else float(score),
                "low": None if gone else float(score - spread),
                "high": None if gone else float(score + spread),
                "diverged_share": 1.0 if gone else 0.0,
                "epochs": 4 if state == "eliminated" else settings.epochs,
                "state": state,
                "reason": "every run diverged by epoch 4" if gone else "",
            }
        )
    return points
