"""One forward and backward pass of a module, seen from every layer, that leaves no trace.

Hooks hand on copies of what layers give (so that an in-place activation cannot overwrite it), gradients come from
`torch.autograd.grad` (so that no `.grad` changes), and buffers, random state and modes are put back bit for bit.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from osolgil.diagnosis.expectation import dead_by_chance
from osolgil.errors import MissingLibraryError, SettingsError


@dataclass
class Layer:
    """One call of one layer, in the order of the forward pass.

    name: as in `named_modules`, with #2, #3 … where a layer is called again. kind: its class. has_weights: whether
    it has parameters of its own. signal: mean square of what it gives. similarity: mean cosine between two rows of
    it. gradient: root mean square gradient of one row's loss there, norm: root of its sum of squares per row.
    slope_flat, dead: of an elementwise activation, the share of slopes below 1/20 of the largest, and of units
    without slope on any row; expected_dead: how many of those chance leaves among rows as alike as these; None
    elsewhere. weight_norm, weight_gradient: of its own parameters.
    """

    name: str
    kind: str
    has_weights: bool
    signal: float = math.nan
    mean: float = math.nan
    similarity: float = math.nan
    gradient: float = math.nan
    norm: float = math.nan
    slope_flat: float | None = None
    dead: float | None = None
    expected_dead: float | None = None
    weight_norm: float | None = None
    weight_gradient: float | None = None


@dataclass
class Look:
    """What one pass showed. unused: names of parameters that the loss does not depend on.

    finite: whether every input is.
    """

    loss: float
    rows: int
    layers: list[Layer]
    unused: list[str] = field(default_factory=list)
    finite: bool = True


def torch_or_sentence() -> Any:
    """PyTorch, or one sentence that says how to install it."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise MissingLibraryError("PyTorch is not installed; run: pip install torch") from error


def look(module: Any, batch: Any, loss: Callable[..., Any]) -> Look:
    """Run a module once on a batch and differentiate the loss with respect to everything.

    batch: (inputs, targets), where inputs is a tensor, or a tuple or dictionary of arguments; or inputs alone, and
    then loss takes the outputs only. The mode (train or eval) is the module's own.
    """
    torch = torch_or_sentence()
    inputs, targets = batch if isinstance(batch, (tuple, list)) and len(batch) == 2 else (batch, None)
    calls: list[tuple[Layer, Any, Any]] = []
    if not isinstance(module, torch.nn.Module):
        raise SettingsError(f"A diagnosis looks at a torch.nn.Module, not at a {type(module).__name__}.")
    given_tensors = list(_tensors(torch, inputs))
    if any(tensor.dim() > 0 and len(tensor) == 0 for tensor in given_tensors):
        raise SettingsError("The batch has no rows.")
    # inference mode keeps no graph, so that no gradient would be found
    with untouched(module), torch.inference_mode(False), torch.enable_grad():
        with listening(module, lambda layer, given, got: calls.append((layer, given, got))):
            outputs = _call(module, inputs)
        value = loss(outputs) if targets is None else loss(outputs, targets)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise SettingsError("The loss must be one number: take its mean over the batch.")
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        if not value.requires_grad:
            raise SettingsError(
                "The loss does not depend on any parameter of the module that can be trained."
            )
        tensors = [got for _, _, got in calls] + [given for _, given, _ in calls if given is not None]
        wanted = [tensor for tensor in tensors if tensor.requires_grad] + [p for _, p in named]
        found = torch.autograd.grad(value, wanted, allow_unused=True)
        gradients = {id(tensor): gradient for tensor, gradient in zip(wanted, found, strict=True)}
        modules = dict(module.named_modules(remove_duplicate=False))
        with torch.no_grad():
            for layer, given, got in calls:
                _describe(torch, layer, modules[layer.name.split("#")[0]], given, got, gradients)
        unused = [name for name, parameter in named if gradients.get(id(parameter)) is None]
        rows = _rows(calls)
    layers = [layer for layer, _, got in calls if got.requires_grad]
    if not layers:
        raise SettingsError("No layer of the module gives real numbers that a gradient passes.")
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in given_tensors)
    return Look(float(value.detach()), rows, layers, unused, finite)


@contextlib.contextmanager
def untouched(module: Any) -> Iterator[None]:
    """Put buffers and every random state back afterwards."""
    torch = torch_or_sentence()
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    state = torch.random.get_rng_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    others = [torch.cuda.get_rng_state(device) for device in devices]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        torch.random.set_rng_state(state)
        for device, before in zip(devices, others, strict=True):
            torch.cuda.set_rng_state(before, device)


@contextlib.contextmanager
def listening(module: Any, heard: Callable[[Layer, Any, Any], None]) -> Iterator[None]:
    """Call `heard(layer, input, output)` for every call of every module without modules inside."""
    torch = torch_or_sentence()
    counts: dict[str, int] = {}
    handles = []

    def hook_of(name: str) -> Callable[..., Any]:
        def hook(part: Any, arguments: tuple[Any, ...], output: Any) -> Any:
            first = _first(torch, output)
            if first is None:
                return None
            counts[name] = counts.get(name, 0) + 1
            called = name if counts[name] == 1 else f"{name}#{counts[name]}"
            weighted = any(True for _ in part.parameters(recurse=False))
            given = _first(torch, arguments)
            alike = given is not None and not weighted and given.shape == first.shape
            # an in-place activation has overwritten what it was given, so its slopes cannot be seen
            kept = given if given is not None and alike and given.data_ptr() != first.data_ptr() else None
            heard(Layer(called, type(part).__name__, weighted), kept, first)
            return _copied(torch, output)

        return hook

    for name, part in module.named_modules():
        if not any(True for _ in part.children()):
            handles.append(part.register_forward_hook(hook_of(name)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _call(module: Any, inputs: Any) -> Any:
    if isinstance(inputs, dict):
        return module(**inputs)
    if isinstance(inputs, (tuple, list)):
        return module(*inputs)
    return module(inputs)


def _tensors(torch: Any, inputs: Any) -> Iterator[Any]:
    """Every tensor in what a module is given."""
    if isinstance(inputs, torch.Tensor):
        yield inputs
    for item in (
        inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, (tuple, list)) else ()
    ):
        yield from _tensors(torch, item)


def _first(torch: Any, value: Any) -> Any:
    """The first tensor of real numbers in what a layer takes or gives."""
    if isinstance(value, torch.Tensor):
        return value if value.is_floating_point() and value.dim() > 0 else None
    if isinstance(value, (tuple, list)):
        return next((found for item in value if (found := _first(torch, item)) is not None), None)
    return None


def _copied(torch: Any, value: Any) -> Any:
    """The same, with copies of its tensors, so that nobody downstream writes into what was heard."""
    if isinstance(value, torch.Tensor):
        return value.clone() if value.is_floating_point() else value
    if type(value) in (tuple, list):
        return type(value)(_copied(torch, item) for item in value)
    return value


def _describe(torch: Any, layer: Layer, part: Any, given: Any, got: Any, gradients: dict[int, Any]) -> None:
    values = got.detach().double().reshape(got.shape[0], -1)
    layer.signal, layer.mean, layer.similarity = (
        float((values**2).mean()),
        float(values.mean()),
        _alike(values),
    )
    slope = gradients.get(id(got))
    if slope is not None:
        own = slope.double().reshape(got.shape[0], -1) * got.shape[0]
        layer.gradient = float(own.pow(2).mean().sqrt())
        layer.norm = float(own.pow(2).sum(1).mean().sqrt())
    before = gradients.get(id(given)) if given is not None else None
    if given is not None and before is not None and slope is not None:
        _slopes(torch, layer, before.double(), slope.double())
        common = _alike(given.detach().double().reshape(got.shape[0], -1))
        layer.expected_dead = dead_by_chance(common, got.shape[0]) if math.isfinite(common) else 0.0
    if layer.has_weights:
        own_parameters = [p for p in part.parameters(recurse=False) if p.requires_grad]
        found = [gradients[id(p)] for p in own_parameters if gradients.get(id(p)) is not None]
        layer.weight_norm = float(sum(float(p.detach().double().pow(2).sum()) for p in own_parameters)) ** 0.5
        layer.weight_gradient = float(sum(float(g.double().pow(2).sum()) for g in found)) ** 0.5


def _alike(values: Any) -> float:
    """Mean cosine between two rows, weighted by their sizes."""
    total, together = float((values**2).sum()), float((values.sum(0) ** 2).sum())
    return (together - total) / ((len(values) - 1) * total) if len(values) > 1 and total > 0.0 else math.nan


def _slopes(torch: Any, layer: Layer, before: Any, after: Any) -> None:
    """An elementwise layer's slopes, from the gradients on both sides of it."""
    seen = after != 0
    if not bool(seen.any()):
        return
    slopes = torch.where(seen, before / torch.where(seen, after, torch.ones_like(after)), torch.nan)
    sizes = slopes.abs()[seen]
    largest = float(sizes.max())
    layer.slope_flat = float((sizes < 0.05 * largest).double().mean()) if largest > 0.0 else 1.0
    units = torch.nan_to_num(slopes.abs(), nan=0.0).reshape(before.shape[0], -1)
    layer.dead = float((units.max(0).values <= 5e-6 * largest).double().mean()) if largest > 0.0 else 1.0


def _rows(calls: list[tuple[Layer, Any, Any]]) -> int:
    return int(calls[0][2].shape[0]) if calls else 0
