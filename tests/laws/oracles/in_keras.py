"""Rows of the catalog in Keras 3.

Keras adds ε before the bias correction or inside the root where the catalog does not, so it is 0 in such rows.
"""

from laws.oracles.counterpart import Counterpart

_BETAS = {"beta_1": "beta1", "beta_2": "beta2"}
_NO_EPSILON = {**_BETAS, "epsilon": 0.0}
_DECAY = {"weight_decay": "weight_decay"}
_RMSPROP = {"rho": "rho", "epsilon": 0.0}
_ZERO = {"epsilon": 0.0}
_FIXED_SCHEDULE = {"momentum_decay": 1.0}
_SGD = {"momentum": "momentum"}

ROWS = {
    "gradient_descent": Counterpart("SGD"),
    "sgd": Counterpart("SGD"),
    "momentum": Counterpart("SGD", _SGD, {"momentum": 0.9}),
    "sgdw": Counterpart("SGD", {**_SGD, **_DECAY}, {"momentum": 0.9}),
    "nesterov": Counterpart("SGD", _SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": Counterpart("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 0.0}, ours=_ZERO),
    "adadelta": Counterpart("Adadelta", {"rho": "rho", "epsilon": "epsilon"}),
    "rmsprop": Counterpart("RMSprop", _RMSPROP, ours=_ZERO),
    "rmsprop_centered": Counterpart("RMSprop", _RMSPROP, {"centered": True}, ours=_ZERO),
    "rmsprop_momentum": Counterpart(
        "RMSprop", {**_RMSPROP, "momentum": "momentum"}, {"momentum": 0.9}, ours=_ZERO
    ),
    "adam": Counterpart("Adam", _NO_EPSILON, ours=_ZERO),
    "adamax": Counterpart("Adamax", _NO_EPSILON, ours=_ZERO),
    "adamaxw": Counterpart("Adamax", {**_NO_EPSILON, **_DECAY}, ours=_ZERO),
    "nadam": Counterpart("Nadam", {**_BETAS, "epsilon": "epsilon"}, ours=_FIXED_SCHEDULE),
    "nadamw": Counterpart("Nadam", {**_BETAS, **_DECAY, "epsilon": "epsilon"}, ours=_FIXED_SCHEDULE),
    "adamw": Counterpart("AdamW", {**_NO_EPSILON, **_DECAY}, ours=_ZERO),
    "amsgrad": Counterpart("Adam", _NO_EPSILON, {"amsgrad": True}, ours=_ZERO),
    "lion": Counterpart("Lion", {**_BETAS, **_DECAY}),
    "ftrl": Counterpart(
        "Ftrl",
        {
            "initial_accumulator_value": 0.0,
            "beta": "beta",
            "l1_regularization_strength": "lambda1",
            "l2_regularization_strength": lambda our: our["lambda2"] / 2.0,
        },
    ),
}
