"""The page of oracles, on oracles made by hand."""

from __future__ import annotations

from benchmarks import optimizers
from laws.oracles.oracle import DERIVATION, Oracle


def test_a_line_says_what_was_measured_with_what_and_why():
    agreeing = Oracle("adam", "optax", lambda: 3.25e-15, {"learning_rate": 0.5, "beta1": 0.25})
    differing = Oracle("rprop", "optax", lambda: 4.9, steps=300, reason="one late", agrees=False)
    rough = Oracle("smorms3", DERIVATION, lambda: 2e-7, tolerance=1e-6, reason="float32")
    first, second, third = optimizers.rows([agreeing, differing, rough])
    assert first[0] == "`adam`"
    assert first[1].startswith("optax ")
    assert first[2:] == ["240", "3.2e-15", "`learning_rate=0.5`, `beta1=0.25`", ""]
    assert second[2:] == ["300", "differs: 4.9e+00", "", "one late"]
    assert third == ["`smorms3`", DERIVATION, "240", "2.0e-07", "", "float32"]
