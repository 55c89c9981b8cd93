"""The recipe for PyTorch."""

from __future__ import annotations

from osolgil.report.recipe import activations, initial, losses, scoped, staged
from osolgil.report.recipe.plan import (
    PIECE_ROWS,
    Plan,
    coefficient_lines,
    formula_texts,
    indented,
)
from osolgil.report.recipe.schedule import factors
from osolgil.report.recipe.words import pasted

_ACTIVATIONS = {
    "identity": "torch.nn.Identity()",
    "sigmoid": "torch.sigmoid",
    "tanh": "torch.tanh",
    "relu": "F.relu",
    "leaky_relu": "partial(F.leaky_relu, negative_slope=0.01)",
    "elu": "F.elu",
    "selu": "F.selu",
    "gelu": "F.gelu",
    "silu": "F.silu",
    "softplus": "partial(F.softplus, threshold=40.0)",
}
_SGD = "torch.optim.SGD(parameters, lr=LEARNING_RATE{})"
_ADAM = "torch.optim.{}(parameters, lr=LEARNING_RATE, betas=(BETA1, BETA2), eps=EPSILON{})"
_OPTIMIZERS = {
    "gradient_descent": _SGD.format(""),
    "sgd": _SGD.format(""),
    "momentum": _SGD.format(", momentum=MOMENTUM"),
    "nesterov": _SGD.format(", momentum=MOMENTUM, nesterov=MOMENTUM > 0"),
    "adagrad": "torch.optim.Adagrad(parameters, lr=LEARNING_RATE, eps=EPSILON)",
    "adadelta": "torch.optim.Adadelta(parameters, lr=LEARNING_RATE, rho=RHO, eps=EPSILON)",
    "rmsprop": "torch.optim.RMSprop(parameters, lr=LEARNING_RATE, alpha=RHO, eps=EPSILON)",
    "adam": _ADAM.format("Adam", ""),
    "adamax": _ADAM.format("Adamax", ""),
    "nadam": _ADAM.format("NAdam", ", momentum_decay=MOMENTUM_DECAY"),
    "adamw": _ADAM.format("AdamW", ", weight_decay=WEIGHT_DECAY"),
}


def recipe(plan: Plan) -> str:
    """A whole Python file."""
    blocks = [
        plan.introduction("PyTorch"),
        _imports(plan),
        "\n".join([*plan.constants(), *_precision(plan)]),
        *factors(plan),
        *_activations(plan),
        *([_hidden_layer(plan)] if plan.hidden else []),
        *_optimizer_class(plan),
        initial.scale_text(plan),
        _network(plan),
        _optimizer(plan),
        _targets_and_loss(plan),
        _step(plan),
        losses.with_weights(
            plan,
            _train(plan).replace(
                "VALUE", "BATCH_SIZE or len(inputs)" if plan.batch_size is None else "BATCH_SIZE"
            ),
        ),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _imports(plan: Plan) -> str:
    lines = ["import math", "import sys"]
    if activations.need_partial(plan, _ACTIVATIONS):
        lines.append("from functools import partial")
    lines += ["", "import numpy as np", "import torch", "import torch.nn.functional as F"]
    return "\n".join(lines)


def _precision(plan: Plan) -> list[str]:
    return ["torch.set_default_dtype(torch.float64)"] if plan.settings["precision"] == "float64" else []


def _activations(plan: Plan) -> list[str]:
    """Activations the library does not have, as the catalog writes them."""
    return [pasted([text], "torch") for text in activations.sources(plan, _ACTIVATIONS)]


def _activation(name: str) -> str:
    return activations.call(name, _ACTIVATIONS)


def _hidden_layer(plan: Plan) -> str:
    residual = any(layer.residual for layer in plan.hidden)
    made = {"layer": "LayerNorm(outputs, eps=1e-5)", "batch": "BatchNorm1d(outputs, eps=1e-5, momentum=0.1)"}
    lines = ["class Hidden(torch.nn.Module):"]
    lines.append(f"    def __init__(self, inputs, outputs{', residual' * residual}):")
    lines += ["        super().__init__()", "        self.linear = torch.nn.Linear(inputs, outputs)"]
    forward = ["output = self.linear(values)"]
    if plan.normalization:
        lines.append(f"        self.normalization = torch.nn.{made[plan.normalization]}")
        forward.append("output = self.normalization(output)")
    forward.append("output = activation(output)")
    if plan.settings["dropout"]:
        lines.append("        self.dropout = torch.nn.Dropout(DROPOUT)")
        forward.append("output = self.dropout(output)")
    if residual:
        lines.append("        self.residual = residual")
        forward.append("return values + output if self.residual else output")
    else:
        forward.append("return output")
    head = f"activation = {_activation(plan.activation)}\n\n\n"
    return head + "\n".join([*lines, "", "    def forward(self, values):", *indented(forward, 2)])


def _network(plan: Plan) -> str:
    residual = any(layer.residual for layer in plan.hidden)
    lines = ["def make_network(seed=SEED):", "    layers = ["]
    for layer in plan.hidden:
        more = f", residual={layer.residual}" if residual else ""
        lines.append(f"        Hidden({layer.inputs}, {layer.outputs}{more}),")
    last = plan.layers[-1]
    lines.append(f"        torch.nn.Linear({last.inputs}, {last.outputs}),")
    lines.append("    ]")
    lines.append("    network = torch.nn.Sequential(*layers)")
    lines += [*(_plain_weights(plan) if initial.is_plain(plan) else _DRAWN_WEIGHTS), "    return network"]
    output = f"\noutput_activation = {_activation(plan.output_activation)}\n\n"
    return _WEIGHTS + output + "\n" + "\n".join(lines)


def _plain_weights(plan: Plan) -> list[str]:
    lines = [
        "    random = torch.Generator().manual_seed(seed)",
        "    for module in linears(network):",
        "        inputs, outputs = module.in_features, module.out_features",
        f"        deviation = {initial.deviation(plan)}",
    ]
    if initial.is_normal(plan):
        lines.append("        torch.nn.init.normal_(module.weight, 0.0, deviation, generator=random)")
    else:
        lines.append("        reach = math.sqrt(3.0) * deviation")
        lines.append("        torch.nn.init.uniform_(module.weight, -reach, reach, generator=random)")
    return [*lines, "        torch.nn.init.zeros_(module.bias)"]


_DRAWN_WEIGHTS = [
    "    random = np.random.default_rng(seed)",
    "    with torch.no_grad():",
    "        for place, module in enumerate(linears(network)):",
    "            last = place == len(layers) - 1",
    "            drawn, bias = first_weights(module.in_features, module.out_features, random, last)",
    "            module.weight.copy_(torch.as_tensor(drawn.T))",
    "            module.bias.copy_(torch.as_tensor(bias))",
]
_WEIGHTS = '''def linears(network):
    return [module for module in network.modules() if isinstance(module, torch.nn.Linear)]


def weights(network):
    """The matrices of weights: penalties and decay leave biases and normalisation alone."""
    return [module.weight for module in linears(network)]

'''


def _library_optimizer(plan: Plan) -> str | None:
    """PyTorch's own optimizer where it is the same; its momentum is not where the learning rate changes."""
    if plan.scheduled and plan.optimizer.name in ("momentum", "nesterov"):
        return None
    return _OPTIMIZERS.get(plan.optimizer.name)


def _optimizer_class(plan: Plan) -> list[str]:
    """The catalog's own formula as an optimizer, where PyTorch has none that is the same."""
    row = plan.optimizer
    if _library_optimizer(plan) is not None:
        return []
    if plan.moved_whole:
        return scoped.in_pytorch(plan)
    state = [f"state[{place}]" for place in range(len(row.state))]
    first = [repr(value) for value in row.carried.values()]
    loop = [
        "state = self.state[parameter]",
        "if not state:",
        f"    state.update({{place: torch.zeros_like(parameter) for place in range({len(row.state)})}})",
        f"result = {row.formula.__name__}({', '.join(['parameter', 'parameter.grad', *state, '*scalars'])})",
        "new, *kept = result if isinstance(result, tuple) else (result,)",
        "parameter.copy_(new)",
        "state.update(enumerate(kept))",
    ]
    lines = [
        "class Optimizer(torch.optim.Optimizer):",
        f'    """{row.title}, as torch.optim has none that is exactly the same."""',
        "",
        "    def __init__(self, parameters):",
        '        super().__init__(parameters, {"lr": LEARNING_RATE})',
        f"        self.time, self.carried = 0, [{', '.join(first)}]",
        "",
        "    @torch.no_grad()",
        "    def step(self, closure=None):",
        "        self.time += 1",
        *indented(coefficient_lines(row, "self.time", "self.carried", 'self.param_groups[0]["lr"]'), 2),
        '        for parameter in self.param_groups[0]["params"]:',
        *indented(loop, 3),
    ]
    return [pasted(formula_texts(row), "torch"), "\n".join(lines)]


def _optimizer(plan: Plan) -> str:
    made = _library_optimizer(plan) or "Optimizer(parameters)"
    lines = ["def make_optimizer(network):", "    parameters = network.parameters()", f"    return {made}"]
    return "\n".join(lines)


def _targets_and_loss(plan: Plan) -> str:
    if not losses.is_native(plan):
        return losses.targets_and_loss(plan, "torch") + losses.summed(plan)
    if plan.loss.name == "softmax_cross_entropy":
        targets, loss = (
            "torch.as_tensor(targets, dtype=torch.int64)",
            ('F.cross_entropy(outputs, targets, reduction="sum")'),
        )
    elif plan.loss.name == "binary_cross_entropy":
        number = plan.layers[-1].outputs
        whole = "torch.as_tensor(targets, dtype=torch.int64)"
        targets = f"F.one_hot({whole}, {number})" if number > 1 else f"{whole}[:, None]"
        targets += ".to(torch.get_default_dtype())"
        loss = 'F.binary_cross_entropy_with_logits(outputs, targets, reduction="sum")'
    else:
        reshaped = f"np.reshape(targets, (-1, {plan.layers[-1].outputs}))"
        targets = f"torch.as_tensor({reshaped}, dtype=torch.get_default_dtype())"
        loss = "((outputs - targets) ** 2).sum()"
    lines = ["def prepared(targets):", f"    return {targets}", "", "", "def summed_loss(outputs, targets):"]
    return "\n".join([*lines, f"    return {loss}"])


def _step(plan: Plan) -> str:
    """A training step; the gradient is measured in a function of its own where that may happen twice."""
    settings, twice = plan.settings, staged.probes(plan.optimizer)
    lines = ["def training_step(network, optimizer, inputs, targets):"]
    if plan.scheduled:
        lines += [
            "    group = optimizer.param_groups[0]",
            '    step = group["step"] = group.get("step", -1) + 1',
            '    group["lr"] = LEARNING_RATE * float(FACTORS[min(step, len(FACTORS) - 1)])',
        ]
    if twice:
        lines += [
            "    loss = measured(network, optimizer, inputs, targets)",
            "    if optimizer.begin():",
            "        optimizer.run(1)",
            *indented(_second(plan), 2),
            "        optimizer.run(2)",
        ]
    else:
        lines += _measured(plan)
    if plan.optimizer.needs_loss:
        lines.append("    optimizer.loss = float(loss.detach())")
    if settings["clip_norm"]:
        lines += [
            "    gradients = [parameter.grad for parameter in network.parameters()]",
            "    norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))",
            "    if norm > CLIP_NORM:",
            "        for gradient in gradients:",
            "            gradient *= CLIP_NORM / norm",
        ]
    if settings["weight_decay"]:
        rate = 'group["lr"]' if plan.scheduled else "LEARNING_RATE"
        lines += [
            "    with torch.no_grad():",
            "        for weight in weights(network):",
            f"            weight *= 1.0 - {rate} * DECOUPLED_WEIGHT_DECAY",
        ]
    text = "\n".join([*lines, "    optimizer.step()", "    return float(loss.detach())"])
    if twice:
        head = ["def measured(network, optimizer, inputs, targets):", *_measured(plan), "    return loss"]
        return "\n".join(head) + "\n\n\n" + text
    return text


def _second(plan: Plan) -> list[str]:
    """The second measurement, which leaves running averages of batch normalisation alone."""
    again = "measured(network, optimizer, inputs, targets)"
    if plan.normalization != "batch":
        return [again]
    return [
        "averages = [buffer.clone() for buffer in network.buffers()]",
        again,
        "for buffer, average in zip(network.buffers(), averages):",
        "    buffer.copy_(average)",
    ]


def _measured(plan: Plan) -> list[str]:
    """The loss of a batch and the gradient at every parameter, penalties included."""
    settings = plan.settings
    lines = ["    optimizer.zero_grad()"]
    if plan.in_pieces:
        lines.append(f"    # osolgil normalises a batch of more than {PIECE_ROWS} rows in pieces")
        lines.append(f"    pieces = zip(inputs.split({PIECE_ROWS}), targets.split({PIECE_ROWS}))")
        lines.append(
            "    loss = sum(summed_loss(output_activation(network(x)), y) for x, y in pieces) / len(inputs)"
        )
    else:
        lines.append("    outputs = output_activation(network(inputs))")
        lines.append("    loss = summed_loss(outputs, targets) / len(inputs)")
    lines.append("    loss.backward()")
    if settings["l1"] or settings["l2"]:
        terms = ["L2 * weight.detach()"] * bool(settings["l2"]) + ["L1 * weight.detach().sign()"] * bool(
            settings["l1"]
        )
        lines += ["    for weight in weights(network):", f"        weight.grad += {' + '.join(terms)}"]
    return lines


def _train(plan: Plan) -> str:
    if not staged.applies(plan.optimizer):
        return _TRAIN
    return _TRAIN.replace("    return network.eval()", "    optimizer.keep()\n    return network.eval()")


_TRAIN = """def train(inputs, targets, seed=SEED):
    inputs = torch.as_tensor(inputs, dtype=torch.get_default_dtype())
    targets = prepared(targets)
    network = make_network(seed)
    optimizer = make_optimizer(network)
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    for epoch in range(EPOCHS):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(inputs), generator=random).split(VALUE):
            total += training_step(network, optimizer, inputs[rows], targets[rows]) * len(rows)
        print(f"epoch {epoch + 1}: training loss {total / len(inputs):.4f}")
    return network.eval()


if __name__ == "__main__":
    with np.load(sys.argv[1] if len(sys.argv) > 1 else "train.npz") as file:
        trained = train(file["inputs"], file["targets"])
    torch.save(trained.state_dict(), "model.pt")"""
