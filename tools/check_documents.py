"""Check that documents hold: links lead to files, commands named exist, both READMEs show the same commands."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def problems() -> list[str]:
    """A sentence per thing that does not hold."""
    found = []
    documents = [*ROOT.glob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
    for document in documents:
        text = document.read_text("utf-8")
        for link in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in link and not (document.parent / link).exists():
                found.append(f"{document.name} links to {link}, which does not exist.")
    english, korean = (_commands(ROOT / name) for name in ("README.md", "README.ko.md"))
    found += [f"Only one README shows: {line}" for line in sorted(english ^ korean)]
    return found + [f"README.md names an option the command line lacks: {name}" for name in _unknown(english)]


def _commands(document: Path) -> set[str]:
    """The osolgil commands of a README, without comments and language."""
    lines = re.findall(r"uv run (osolgil [^#\n]+)", document.read_text("utf-8"))
    return {line.replace("--lang ko", "").strip() for line in lines}


def _unknown(commands: set[str]) -> list[str]:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/osolgil").rglob("*.py"))
    options = {option for line in commands for option in re.findall(r"--[a-z-]+", line)}
    return sorted(option for option in options if not re.search(rf'"{option}["/]', source))


if __name__ == "__main__":
    for problem in (failures := problems()):
        print(problem)
    sys.exit(bool(failures))
