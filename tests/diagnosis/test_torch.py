"""`osolgil.torch` on real modules: nothing of them changes by one bit, and what is seen is what autograd says."""

import copy

import numpy as np
import pytest

pytestmark = pytest.mark.peer
torch = pytest.importorskip("torch")
nn = torch.nn


class Block(nn.Module):
    """A residual block with in-place activations, as ResNets have it (K. He et al., arXiv:1512.03385)."""

    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip
        self.end = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.end(self.body(x) + x)


def resnet():
    blocks = [Block(8) for _ in range(4)]
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )


class Attention(nn.Module):
    """A transformer's encoder with layer normalisation, dropout and a weight used twice."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Linear(16, 30, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        return self.head(self.encoder(self.embed(tokens))).mean(1)


class Squeeze(nn.Module):
    """A mobile inverted bottleneck with squeeze and excitation, as EfficientNets have it (arXiv:1905.11946)."""

    def __init__(self, channels, wide=24):
        super().__init__()
        self.expand = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.SiLU(inplace=True)
        )
        self.depth = nn.Sequential(
            nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.SiLU(inplace=True),
        )
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, 4, 1), nn.SiLU(), nn.Conv2d(4, wide, 1), nn.Sigmoid()
        )
        self.project = nn.Sequential(nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.drop = nn.Dropout2d(0.2)

    def forward(self, x):
        y = self.depth(self.expand(x))
        return x + self.drop(self.project(y * self.gate(y)))


def efficient():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(), *[Squeeze(8) for _ in range(3)],
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(8, 5),
    )  # fmt: skip


def shared():
    layer = nn.Linear(12, 12)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Tanh(), nn.Linear(12, 5))


def pictures():
    return torch.randn(16, 3, 8, 8), torch.randint(0, 5, (16,))


MODULES = {
    "resnet": (resnet, pictures),
    "attention": (Attention, lambda: (torch.randint(0, 30, (16, 7)), torch.randint(0, 30, (16,)))),
    "efficientnet": (efficient, pictures),
    "shared": (shared, lambda: (torch.randn(16, 12), torch.randint(0, 5, (16,)))),
}


def everything(module):
    """All that a diagnosis must leave alone, as bytes."""
    state = {name: value.numpy().tobytes() for name, value in module.state_dict().items()}
    gradients = {
        n: None if p.grad is None else p.grad.numpy().tobytes() for n, p in module.named_parameters()
    }
    hooks = [
        len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in module.modules()
    ]
    modes = [m.training for m in module.modules()]
    return state, gradients, hooks, modes, torch.random.get_rng_state().numpy().tobytes()


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("with_gradients", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_not_one_bit_of_the_module_changes(name, with_gradients, training):
    import osolgil.torch

    torch.manual_seed(0)
    make, batch_of = MODULES[name]
    module, batch, loss = make(), batch_of(), nn.CrossEntropyLoss()
    if with_gradients:
        loss(module(batch[0]), batch[1]).backward()
    module.train(training)
    before = everything(module)
    found = osolgil.torch.diagnose(module, batch, loss)
    assert everything(module) == before
    assert found.cause in ("healthy", "vanishing", "exploding", "dying", "saturation", "inputs")
    assert all(np.isfinite(layer.norm) for layer in found.layers if layer.has_weights)
    assert found.sentences("ko")
    assert str(found)


@pytest.mark.parametrize("name", MODULES)
def test_healthy_modules_are_not_blamed(name):
    import osolgil.torch

    torch.manual_seed(1)
    make, batch_of = MODULES[name]
    assert osolgil.torch.diagnose(make(), batch_of(), nn.CrossEntropyLoss()).cause == "healthy"


def test_a_failing_module_is_put_back_too():
    import osolgil.torch

    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x):
            self.norm(x)
            raise RuntimeError("no")

    module, batch = Broken(), (torch.randn(4, 3), torch.zeros(4))
    before = everything(module)
    with pytest.raises(RuntimeError, match="no"):
        osolgil.torch.diagnose(module, batch, nn.MSELoss())
    assert everything(module) == before


def test_gradients_are_those_of_autograd():
    import osolgil.torch

    torch.manual_seed(0)
    module, (x, y), loss = shared(), MODULES["shared"][1](), nn.CrossEntropyLoss()
    found = osolgil.torch.diagnose(module, (x, y), loss)
    twin = copy.deepcopy(module)
    kept = []
    for part in twin:
        x = part(x)
        x.retain_grad()
        kept.append(x)
    loss(x, y).backward()
    assert [layer.name for layer in found.layers] == ["0", "1", "0#2", "3", "4"]
    for layer, tensor in zip(found.layers, kept, strict=True):
        rows = tensor.grad.double() * len(y)
        assert layer.gradient == pytest.approx(float(rows.pow(2).mean().sqrt()), rel=1e-5)
        assert layer.signal == pytest.approx(float(tensor.detach().double().pow(2).mean()), rel=1e-5)
    assert found.layers[0].weight_gradient == pytest.approx(
        float(torch.cat([twin[0].weight.grad.flatten(), twin[0].bias.grad]).norm()), rel=1e-5
    )


def chain(activation, depth=20, width=64, gain=1.0):
    layers = []
    for _ in range(depth):
        linear = nn.Linear(width, width)
        nn.init.normal_(linear.weight, 0.0, gain / width**0.5)
        nn.init.zeros_(linear.bias)
        layers += [linear, activation()]
    return nn.Sequential(*layers, nn.Linear(width, 5))


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        (lambda: chain(nn.Sigmoid), "vanishing"), (lambda: chain(nn.ReLU, gain=2**0.5), "healthy"),
        (lambda: chain(nn.Tanh, gain=3.0), "exploding"), (lambda: chain(nn.Tanh, depth=4), "healthy"),
        (lambda: chain(nn.GELU, depth=4, gain=1.4), "healthy"),
    ],
    ids=["deep sigmoid", "deep ReLU", "chaotic tanh", "tanh", "GELU"],
)  # fmt: skip
def test_chains_are_told_apart_beside_theory(module, cause):
    import osolgil.torch

    torch.manual_seed(0)
    found = osolgil.torch.diagnose(
        module(), (torch.randn(64, 64), torch.randint(0, 5, (64,))), nn.CrossEntropyLoss()
    )
    assert found.theory is not None
    named = {finding.cause for finding in found.findings}
    assert cause in named if cause != "healthy" else not named


def test_theory_of_a_chain_is_met_by_the_module():
    import osolgil.torch

    torch.manual_seed(0)
    module = chain(nn.Sigmoid, depth=10, width=256)
    found = osolgil.torch.diagnose(
        module, (torch.randn(64, 256), torch.randint(0, 5, (64,))), nn.CrossEntropyLoss()
    )
    # the output of a Linear is the pre-activation the theory speaks of
    measured = np.log10([layer.gradient for layer in found.layers if layer.kind == "Linear"])
    np.testing.assert_allclose(measured - measured[-1], found.theory.log10_gradient, atol=0.15)


def test_dead_units_are_found():
    import osolgil.torch

    torch.manual_seed(0)
    module = chain(nn.ReLU, depth=3, gain=2**0.5)
    nn.init.constant_(module[0].bias, -50.0)
    found = osolgil.torch.diagnose(
        module, (torch.randn(64, 64), torch.randint(0, 5, (64,))), nn.CrossEntropyLoss()
    )
    assert {"dying", "vanishing"} & {finding.cause for finding in found.findings}


def test_bad_losses_are_told_in_one_sentence():
    import osolgil.torch
    from osolgil.errors import SettingsError

    module, x = nn.Linear(3, 2), torch.randn(4, 3)
    with pytest.raises(SettingsError, match="one number"):
        osolgil.torch.diagnose(module, x, lambda outputs: outputs)
    with pytest.raises(SettingsError, match="does not depend"):
        osolgil.torch.diagnose(module, x, lambda outputs: torch.zeros(()))


def test_a_watcher_records_updates_and_leaves_training_alone():
    import osolgil.torch

    def run(watched):
        torch.manual_seed(0)
        module = shared()
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        x, y = torch.randn(16, 12), torch.randint(0, 5, (16,))
        with osolgil.torch.watch(module) as watcher:
            for _ in range(3):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(module(x), y)
                loss.backward()
                optimizer.step()
                if watched:
                    watcher.record(loss)
        return module, watcher

    watched, watcher = run(True)
    alone, _ = run(False)
    for one, other in zip(watched.parameters(), alone.parameters(), strict=True):
        assert torch.equal(one, other)
    ratios, gradients, sizes = (watcher.series(n) for n in ("update_ratio", "gradient_norm", "weight_norm"))
    assert len(ratios["4.weight"]) == 3
    # SGD: the step is the rate times the gradient, relative to the weights before it
    assert ratios["4.weight"][1] == pytest.approx(
        0.1 * gradients["4.weight"][1] / sizes["4.weight"][0], rel=1e-4
    )
    assert not watcher.troubles
    assert "steps watched" in str(watcher)
    assert "지켜보았습니다" in watcher.sentences("ko")[0]


def test_a_diagnosis_and_a_watcher_speak_the_language_asked_for():
    import osolgil.torch
    from osolgil.errors import SettingsError

    module = nn.Sequential(*[part for _ in range(12) for part in (nn.Linear(8, 8), nn.Sigmoid())])
    inputs = torch.randn(16, 8)
    found = osolgil.torch.diagnose(module, inputs, lambda outputs: outputs.square().mean(), language="ko")
    assert "기울기 소실" in str(found)
    assert "Vanishing" in found.sentences("en")[0]
    watcher = osolgil.torch.watch(module, language="ko")
    assert str(watcher) == "아직 기록한 스텝이 없습니다."
    watcher.record(torch.tensor(float("nan")))
    assert watcher.troubles[0] == "1번째 스텝부터 손실이 유한하지 않습니다."
    assert "기울기가 도달하지 못한 매개변수" in watcher.troubles[1]
    assert watcher.sentences("en")[1:] == [
        "The loss is not finite from step 1 on.", "No gradient has reached 0.weight, 0.bias, 2.weight ….",
    ]  # fmt: skip
    for wrong in (lambda: osolgil.torch.watch(module, language="fr"),
                  lambda: osolgil.torch.diagnose(module, inputs, torch.sum, language="fr")):  # fmt: skip
        with pytest.raises(SettingsError, match="language 'fr'"):
            wrong()


def test_what_cannot_be_looked_at_is_refused_in_a_sentence():
    import osolgil.torch
    from osolgil.errors import SettingsError

    linear, rows = nn.Linear(4, 3), torch.randn(8, 4)

    def loss(outputs):
        return outputs.abs().mean()

    for module, inputs, said in (
        (lambda x: x, rows, "torch.nn.Module, not at a function"),
        (nn.Sequential(linear, nn.ReLU()), rows[:0], "no rows"),
        (nn.Linear(4, 3, dtype=torch.complex64), rows.to(torch.complex64), "real numbers"),
    ):
        with pytest.raises(SettingsError, match=said):
            osolgil.torch.diagnose(module, inputs, loss)
    module = nn.Sequential(linear, nn.ReLU(), nn.Linear(3, 2))
    with torch.inference_mode():  # a gradient is found all the same
        found = osolgil.torch.diagnose(module, rows, loss)
    assert found.look.unused == []


def test_inputs_and_biases_are_told_apart():
    import osolgil.torch

    def loss(outputs):
        return outputs.square().mean()

    rows = torch.randn(32, 16, generator=torch.Generator().manual_seed(0))
    module = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    found = osolgil.torch.diagnose(module, rows * float("nan"), loss)
    assert found.cause == "infinite"
    assert "the inputs already" in found.sentences()[0]
    assert "입력부터" in found.sentences("ko")[0]
    assert osolgil.torch.diagnose(module, rows * 1e4, loss).cause == "inputs"
    with torch.no_grad():
        module[0].bias.fill_(-50.0)
    assert osolgil.torch.diagnose(module, rows, loss).cause == "dying"
