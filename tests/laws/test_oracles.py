"""Every optimizer beside somebody else's: ≥ 200 float64 steps on a non-convex problem, odd hyperparameters."""

import numpy as np
import pytest

from laws.oracles import counterpart, derived, elementwise, problem
from laws.oracles.oracle import every_oracle
from osolgil.formulas import catalog

# Keras's Nadam on PyTorch hands tensors to NumPy in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

NEED_PYTORCH = {"pytorch", "keras", "pytorch_optimizer"}
DISAGREEMENT = 1e-9
ORACLES = every_oracle()
NAMED = ("pytorch", "keras", "optax")
COMPARED = {(oracle.subject, oracle.source) for oracle in ORACLES}


def marked(source: str, *values: object, name: str):
    return pytest.param(*values, id=name, marks=pytest.mark.peer if source in NEED_PYTORCH else ())


every_oracle_of_ours = pytest.mark.parametrize(
    "oracle", [marked(o.source, o, name=f"{o.subject}-{o.source}") for o in ORACLES]
)
every_row = pytest.mark.parametrize("row", catalog.optimizers().values(), ids=lambda row: row.name)
OURS = {*derived.RULES, *(name for rows in elementwise.LIBRARIES.values() for name in rows)}
every_elementwise_row = pytest.mark.parametrize("name", sorted(OURS))
every_counterpart = pytest.mark.parametrize(
    ("library", "name"),
    [
        marked(library, library, name, name=f"{name}-{library}")
        for library in NAMED
        for name in elementwise.LIBRARIES[library]
    ],
)


def test_no_row_is_without_an_oracle_that_agrees_to_ten_digits():
    close = {o.subject for o in ORACLES if o.agrees and o.tolerance <= 1e-10 and o.steps >= 200}
    assert set(catalog.optimizers()) <= close


def test_a_difference_has_a_reason():
    for oracle in ORACLES:
        assert oracle.reason or (oracle.agrees and oracle.tolerance <= 1e-10), oracle


@every_oracle_of_ours
def test_the_course_is_the_oracles(oracle):
    measured = oracle.difference()
    if oracle.agrees:
        assert measured <= oracle.tolerance
    else:
        assert measured > DISAGREEMENT


@every_elementwise_row
def test_odd_hyperparameters_are_odd(name):
    row = catalog.optimizer(name)
    for hyperparameter, value in counterpart.odd(row).items():
        assert value != row.defaults[hyperparameter] or (name, hyperparameter) == ("cocob", "learning_rate")


@every_row
def test_what_the_catalog_says_of_libraries_is_what_there_is(row):
    """ "Not available" has no oracle there, "same" has one; what is said of an elementwise row always has."""
    for library in NAMED:
        says, compared = row.peers[library], (row.name, library) in COMPARED
        if says.startswith("not available"):
            assert not compared, (library, says)
        elif row.name in OURS or says.startswith("same"):
            assert compared, (library, says)


@every_counterpart
def test_the_catalog_says_same_exactly_where_the_defaults_are_the_same(library, name):
    same = catalog.optimizer(name).peers[library].startswith("same")
    assert same == (elementwise.default_difference(library, name) <= DISAGREEMENT)


@pytest.mark.long
@every_elementwise_row
def test_the_compiled_course_is_the_formulas(name):
    row = catalog.optimizer(name)
    values = counterpart.odd(row)
    compiled = counterpart.our_course(row, values, compiled=True)
    assert problem.difference(counterpart.our_course(row, values), compiled) <= 1e-10


@pytest.mark.peer
def test_averaged_sgd_keeps_the_average_pytorch_keeps():
    import torch

    from laws.compiled import FormulaSteps

    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    options = {"lr": 0.05, "lambd": 0.1, "alpha": 0.6, "t0": 7.0}
    theirs = torch.optim.ASGD([parameter], **options)
    row = catalog.optimizer("asgd")
    steps = FormulaSteps(row, [1.0, -2.0], learning_rate=0.05, decay=0.1, power=0.6, start=7.0)
    for _ in range(50):
        slope = steps.theta - 0.3
        parameter.grad = torch.tensor(slope)
        theirs.step()
        steps.step(slope)
    expected = theirs.state[parameter]["ax"].numpy()
    average = np.ravel(steps.states)
    assert abs(average - expected).max() < 1e-7  # PyTorch keeps the average's weights in float32
    assert abs(average - steps.theta).max() > 1e-3
