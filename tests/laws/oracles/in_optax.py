"""Rows of the catalog in optax."""

from laws.oracles.counterpart import Counterpart

_BETAS = {"b1": "beta1", "b2": "beta2"}
_ADAM = {**_BETAS, "eps": "epsilon"}
_SGD = {"momentum": "momentum"}
_LOOK_AHEAD = {"nesterov": True, "momentum": 0.9}

ROWS = {
    "gradient_descent": Counterpart("sgd"),
    "sgd": Counterpart("sgd"),
    "momentum": Counterpart("sgd", _SGD, {"momentum": 0.9}),
    "nesterov": Counterpart("sgd", _SGD, _LOOK_AHEAD),
    "adagrad": Counterpart("adagrad", {"initial_accumulator_value": 0.0, "eps": 0.0}, ours={"epsilon": 0.0}),
    "adadelta": Counterpart("adadelta", {"rho": "rho", "eps": "epsilon"}),
    "rmsprop": Counterpart("rmsprop", {"decay": "rho", "eps": "epsilon", "eps_in_sqrt": False}),
    "rmsprop_centered": Counterpart(
        "rmsprop", {"decay": "rho", "eps": "epsilon", "eps_in_sqrt": False}, {"centered": True}
    ),
    "rmsprop_momentum": Counterpart(
        "rmsprop",
        {"decay": "rho", "eps": "epsilon", "eps_in_sqrt": False, "momentum": "momentum"},
        {"momentum": 0.9},
    ),
    "adam": Counterpart("adam", _ADAM),
    "adamax": Counterpart("adamax", _ADAM),
    "adamaxw": Counterpart("adamaxw", {**_ADAM, "weight_decay": "weight_decay"}),
    "adamw": Counterpart("adamw", {**_ADAM, "weight_decay": "weight_decay"}),
    "nadam": Counterpart("nadam", _ADAM, agrees=False),
    "nadamw": Counterpart("nadamw", {**_ADAM, "weight_decay": "weight_decay"}, agrees=False),
    "amsgrad": Counterpart("amsgrad", _ADAM, agrees=False),
    "yogi": Counterpart("yogi", _ADAM, agrees=False),
    "radam": Counterpart("radam", {**_BETAS, "eps": 0.0}, ours={"epsilon": 0.0}),
    "optimistic_gradient_descent": Counterpart("optimistic_gradient_descent", {"beta": "optimism"}),
    "optimistic_adam": Counterpart("optimistic_adam_v2", {**_ADAM, "beta": "optimism"}, {"nesterov": False}),
    "adan": Counterpart(
        "adan", {**_ADAM, "b3": "beta3", "eps_root": 0.0}, ours={"weight_decay": 0.0}, agrees=False
    ),
    "adabelief": Counterpart("adabelief", {**_ADAM, "eps_root": "epsilon"}),
    "acprop": Counterpart("acprop", {**_ADAM, "eps_root": "epsilon"}),
    "adopt": Counterpart("adopt", _ADAM),
    "ademamix": Counterpart("ademamix", {**_ADAM, "b3": "beta3", "alpha": "alpha"}),
    "simplified_ademamix": Counterpart("simplified_ademamix", {**_ADAM, "alpha": "alpha"}),
    "rprop": Counterpart(
        "rprop",
        {"eta_minus": "shrink", "eta_plus": "grow", "min_step_size": "smallest", "max_step_size": "largest"},
        agrees=False,
    ),
    "signsgd": Counterpart("sign_sgd"),
    "signum": Counterpart("signum", {"beta": "beta"}),
    "lion": Counterpart("lion", {**_BETAS, "weight_decay": "weight_decay"}),
    "madgrad": Counterpart(
        "madgrad",
        {
            "momentum": "momentum",
            "eps": "epsilon",
            "learning_rate": lambda our: our["learning_rate"] - our["epsilon"],
        },
        tolerance=1e-5,
        reason="takes √t in float32",
    ),
    "cocob": Counterpart("cocob", {"alpha": "alpha", "eps": "epsilon"}),
}
