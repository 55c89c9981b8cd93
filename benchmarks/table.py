"""Write the tables of ratios, benchmarks/results/*.md, from the measured JSON files beside them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.problem import ACTIVATIONS
from benchmarks.ratios import above_ceiling, ceiling, figures, paired_ratio, share_of_ceiling, spread

MODES = {
    "many": "Many independent runs on all cores: wall time ÷ (steps × runs)",
    "one": "One run alone, all cores allowed: wall time ÷ steps",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    folder = parser.parse_args().results
    for name, write in {"steps": steps_page, "whole_job": whole_job_page}.items():
        source = folder / f"{name}.json"
        if source.exists():
            (folder / f"{name}.md").write_text(write(json.loads(source.read_text())))
            print(f"wrote {name}.md")


def steps_page(results: dict[str, Any]) -> str:
    """One table per mode, one of activations, the judged losses, and what could not be measured."""
    settings = results["settings"]
    parts = [
        "# µs per training step and run\n",
        _measured_on(results),
        f"Each cell: the median of {settings['repeats']} repeats of {settings['seconds']:g} s in turn with "
        "all others, least–greatest in brackets; then the time as a multiple of osolgil's, repeat by repeat "
        "(above 1: osolgil is faster); then the matrix products' share of the sgemm ceiling.\n",
    ]
    parts += [f"## {title}\n\n{_mode_table(results, mode)}" for mode, title in MODES.items()]
    parts += [_ceilings(results), _activations(results), _set_ups(results), _skipped(results)]
    parts += [
        f"**Suspect**: {cell['peer']} on {cell['network']} ({cell['mode']}) is faster than sgemm allows.\n"
        for cell in above_ceiling(results)
    ]
    return "\n".join(part for part in parts if part)


def whole_job_page(results: dict[str, Any]) -> str:
    """Seconds from start to answer, as multiples of those of osolgil's second start with the same optimizers."""
    known = {job["job"]: job.get("seconds") for job in results["jobs"]}
    rows = []
    for job in results["jobs"]:
        if "skipped" in job:
            rows.append([job["title"], f"not measured: {job['skipped']}", "", "", "", ""])
            continue
        base = known.get(job["beside"])
        ratio = paired_ratio(job["seconds"], base).text("×") if base else "–"
        scores = spread(job["test_accuracy"])
        networks = f"{spread(job['networks']).median:,.0f}"
        optimizers = str(job["optimizers"][0])
        rows.append([job["title"], spread(job["seconds"]).text(), ratio, scores.text(), optimizers, networks])
    head = ["", "seconds", "multiple of osolgil's", "test accuracy", "optimizers", "networks trained"]
    settings = results["settings"]
    asked = (
        f"`digits`, hidden layers {settings['hidden']}, {settings['epochs']} epochs, "
        f"batch {settings['batch']}, optimizers × "
        f"{len(next(iter(settings['learning_rates'].values())))} learning rates × {settings['seeds']} seeds, "
        f"{settings['cores']} cores; median of {settings['repeats']} repeats (least–greatest).\n"
    )
    return "\n".join(["# The whole job\n", _measured_on(results), asked, _table(head, rows)])


def _measured_on(results: dict[str, Any]) -> str:
    machine = results["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    kernels = " and ".join(sorted(set(results["openblas"]["kernels"])))
    return (
        f"{results['date']}. {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}; load before the start {machine['load_before']}; OpenBLAS kernels: {kernels}. "
        f"{libraries}.\n"
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(results: dict[str, Any], peer: str, network: str, mode: str) -> dict[str, Any] | None:
    wanted = (peer, network, mode)
    found = (cell for cell in results["cells"] if (cell["peer"], cell["network"], cell["mode"]) == wanted)
    return next(found, None)


def _mode_table(results: dict[str, Any], mode: str) -> str:
    networks = [name for name in results["settings"]["floating_point_operations"] if not _compares(name)]
    peers = [name for name in PEERS if name != "sgemm" and getattr(PEERS[name], mode)]
    rows = []
    for peer in peers:
        cells = [_cell(results, peer, network, mode) for network in networks]
        if any(cells):
            rows.append([PEERS[peer].title, *(_entry(results, cell) for cell in cells)])
    return _table(["", *networks], rows)


def _entry(results: dict[str, Any], cell: dict[str, Any] | None) -> str:
    if cell is None or not cell["microseconds"]:
        return "–"
    words = [spread(cell["microseconds"]).text()]
    base = _cell(results, "osolgil", cell["network"], cell["mode"])
    if base and base["microseconds"] and cell["peer"] != "osolgil":
        words.append(f"**{paired_ratio(cell['microseconds'], base['microseconds']).text('×')}**")
    share = share_of_ceiling(results, cell)
    return "; ".join([*words, f"{share:.0%}"] if share is not None else words)


def _ceilings(results: dict[str, Any]) -> str:
    names = list(results["settings"]["floating_point_operations"])
    tops = [(name, ceiling(results["cells"], name)) for name in names]
    shown = ", ".join(f"{figures(top)} beside {name}" for name, top in tops if top is not None)
    return f"Ceiling (sgemm of order 2048, best repeat), GFLOP/s: {shown}.\n" if shown else ""


def _compares(network: str) -> bool:
    return any(network.endswith(f"-{name}") for name in ACTIVATIONS)


def _activations(results: dict[str, Any]) -> str:
    rows = []
    for name in ACTIVATIONS:
        cells = [_cell(results, "osolgil", f"small-{name}", mode) for mode in MODES]
        bases = [_cell(results, "osolgil", "small", mode) for mode in MODES]
        if any(cell and cell["microseconds"] for cell in cells):
            rows.append([name, *(_against_relu(*pair) for pair in zip(cells, bases, strict=True))])
    if not rows:
        return ""
    return "## osolgil's activations on small, as multiples of relu\n\n" + _table(["", *MODES], rows)


def _against_relu(cell: dict[str, Any] | None, base: dict[str, Any] | None) -> str:
    """Measured at another time than relu, so medians are compared, not repeats."""
    if not cell or not base or not cell["microseconds"] or not base["microseconds"]:
        return "–"
    ratio = spread(cell["microseconds"]).median / spread(base["microseconds"]).median
    return f"{spread(cell['microseconds']).text()}; **{figures(ratio)}×**"


def _set_ups(results: dict[str, Any]) -> str:
    rows = [
        [
            PEERS[cell["peer"]].title,
            cell["network"],
            cell["mode"],
            f"{cell['processes']} × {cell['threads']}",
            ", ".join(f"{key} {value}" for key, value in cell["variant"].items()),
            figures(cell["compile_seconds"]),
            f"{cell['loss_before']:.3f} → {cell['loss_after']:.3f} ({cell['guard_steps']} steps)",
            cell["guard"],
        ]
        for cell in results["cells"]
        if "loss_after" in cell
    ]
    head = ["", "network", "mode", "processes × threads", "fastest set-up", "compile s", "loss", "learned"]
    return "## Set-ups, compilation (not in the times above), and what was learned\n\n" + _table(head, rows)


def _skipped(results: dict[str, Any]) -> str:
    reasons = [
        f"- {PEERS[cell['peer']].title}, {cell['network']}, {cell['mode']}: {cell['skipped']}"
        for cell in results["cells"]
        if "skipped" in cell
    ]
    return "## Not measured\n\n" + "\n".join(reasons) + "\n" if reasons else ""


if __name__ == "__main__":
    main()
