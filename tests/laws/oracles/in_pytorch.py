"""Rows of the catalog in PyTorch's torch.optim."""

from laws.oracles.counterpart import Counterpart

_ADAM = {"betas": ("beta1", "beta2"), "eps": "epsilon"}
_DECAY = {"weight_decay": "weight_decay"}
_RMSPROP = {"alpha": "rho", "eps": "epsilon"}
_NADAM = {**_ADAM, "momentum_decay": "momentum_decay"}
_SGD = {"momentum": "momentum"}

ROWS = {
    "gradient_descent": Counterpart("SGD"),
    "sgd": Counterpart("SGD"),
    "momentum": Counterpart("SGD", _SGD, {"momentum": 0.9}),
    "sgdw": Counterpart("SGD", _SGD, {"momentum": 0.9}, ours={"weight_decay": 0.0}),
    "nesterov": Counterpart("SGD", _SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": Counterpart("Adagrad", {"eps": "epsilon"}),
    "adadelta": Counterpart("Adadelta", {"rho": "rho", "eps": "epsilon"}),
    "rmsprop": Counterpart("RMSprop", _RMSPROP),
    "rmsprop_centered": Counterpart("RMSprop", _RMSPROP, {"centered": True}),
    "rmsprop_momentum": Counterpart("RMSprop", {**_RMSPROP, "momentum": "momentum"}, {"momentum": 0.9}),
    "adam": Counterpart("Adam", _ADAM),
    "adamax": Counterpart("Adamax", _ADAM),
    "adamaxw": Counterpart("Adamax", _ADAM, ours={"weight_decay": 0.0}),
    "nadam": Counterpart("NAdam", _NADAM),
    "nadamw": Counterpart("NAdam", {**_NADAM, **_DECAY}, {"decoupled_weight_decay": True}),
    "adamw": Counterpart("AdamW", {**_ADAM, **_DECAY}),
    "amsgrad": Counterpart("Adam", _ADAM, {"amsgrad": True}),
    "radam": Counterpart("RAdam", _ADAM),
    "rprop": Counterpart("Rprop", {"etas": ("shrink", "grow"), "step_sizes": ("smallest", "largest")}),
    "asgd": Counterpart("ASGD", {"lambd": "decay", "alpha": "power", "t0": "start"}),
}
