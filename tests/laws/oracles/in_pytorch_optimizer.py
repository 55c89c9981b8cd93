"""Rows of the catalog in pytorch_optimizer."""

from laws.oracles.counterpart import Counterpart

_BETAS = {"betas": ("beta1", "beta2")}
_ADAM = {**_BETAS, "eps": "epsilon"}
_THREE = {"betas": ("beta1", "beta2", "beta3"), "eps": "epsilon"}
_DECAY = {"weight_decay": "weight_decay"}
_SGD = {"momentum": "momentum"}
_BOUNDS = {**_ADAM, "final_lr": "final_rate", "gamma": "convergence"}
_UNDER_THE_ROOT = "adds 1e-15 under the root"

ROWS = {
    "sgdw": Counterpart("SGDW", {**_SGD, **_DECAY}),
    "qhm": Counterpart("QHM", {"momentum": "beta", "nu": "nu"}),
    "aggmo": Counterpart("AggMo", {"betas": ("beta1", "beta2", "beta3")}),
    "accsgd": Counterpart("AccSGD", {"kappa": "kappa", "xi": "xi", "constant": "damping"}),
    "pid": Counterpart("PID", {**_SGD, "integral": "integral", "derivative": "derivative"}),
    "adan": Counterpart("Adan", {**_THREE, **_DECAY}),
    "diffgrad": Counterpart(
        "DiffGrad", {**_BETAS, "eps": 0.0}, ours={"epsilon": 0.0}, tolerance=1e-6, reason=_UNDER_THE_ROOT
    ),
    "pnm": Counterpart("PNM", {"betas": ("beta", "contrast")}),
    "adapnm": Counterpart(
        "AdaPNM",
        {"betas": ("beta1", "beta2", "contrast"), "eps": 0.0},
        ours={"epsilon": 0.0},
        tolerance=1e-6,
        reason=_UNDER_THE_ROOT,
    ),
    "adasmooth": Counterpart("AdaSmooth", {"betas": ("fast", "slow"), "eps": "epsilon"}),
    "kate": Counterpart("Kate", {"delta": "delta", "eps": "epsilon"}),
    "adabelief": Counterpart("AdaBelief", _ADAM),
    "yogi": Counterpart("Yogi", {**_ADAM, "initial_accumulator": 0.0}),
    "laprop": Counterpart(
        "LaProp", {**_BETAS, "eps": 0.0}, ours={"epsilon": 0.0}, tolerance=1e-6, reason=_UNDER_THE_ROOT
    ),
    "msvag": Counterpart("MSVAG", {"beta": "beta"}),
    "adabound": Counterpart("AdaBound", _BOUNDS, tolerance=1e-6, reason=_UNDER_THE_ROOT),
    "amsbound": Counterpart("AdaBound", _BOUNDS, {"ams_bound": True}, tolerance=1e-6, reason=_UNDER_THE_ROOT),
    "adamod": Counterpart("AdaMod", _THREE),
    "padam": Counterpart("PAdam", {**_ADAM, "partial": "partial"}),
    "qhadam": Counterpart(
        "QHAdam",
        {**_ADAM, "nus": ("nu1", "nu2")},
        tolerance=1e-4,
        reason="keeps its bias corrections in float32",
    ),
    "ademamix": Counterpart("AdEMAMix", {**_THREE, "alpha": "alpha"}),
    "exadam": Counterpart("EXAdam", _ADAM),
    "lion": Counterpart("Lion", {**_BETAS, **_DECAY}),
    "tiger": Counterpart("Tiger", {"beta": "beta", **_DECAY}),
    "signsgd": Counterpart("SignSGD", {"momentum": 0.0}),
    "signum": Counterpart("SignSGD", {"momentum": "beta"}),
    "grams": Counterpart("Grams", _ADAM),
    "ano": Counterpart("Ano", _ADAM),
    "ftrl": Counterpart("FTRL", {"beta": "beta", "lambda_1": "lambda1", "lambda_2": "lambda2"}),
    "madgrad": Counterpart(
        "MADGRAD",
        {
            "momentum": "momentum",
            "eps": "epsilon",
            "lr": lambda our: our["learning_rate"] - our["epsilon"],
        },
    ),
}
