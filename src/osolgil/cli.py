"""The command line, `osolgil race|train|diagnose|predict|report|data|show …`: a thin caller of what Python has too."""

from __future__ import annotations

import contextlib
import copy
import gc
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from osolgil.command_line import (
    depth,
    diagnosis,
    endings,
    exporting,
    lessons,
    lookups,
    options,
    values,
    walks,
)
from osolgil.command_line.asked import data_settings, ensemble_settings, optimizer_settings, settings
from osolgil.command_line.folders import new_folder, resumable_folder
from osolgil.command_line.printing import print_json

app = typer.Typer(
    name="osolgil",
    help="Race every gradient-descent optimizer on your own data, with an honest verdict.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: Rich would cost a third of a start
    pretty_exceptions_enable=False,
)
_ENGLISH = options.Language.en


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 for a mistake in what was asked, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # saved and told like Ctrl-C
        gc.set_threshold(100_000, 50, 50)  # a start makes objects by the thousand, and hardly any garbage
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    command = typer.main.get_command(_with_the_asked(words))
    code = endings.run(lambda: command.main(words or ["--help"], "osolgil", standalone_mode=False, obj=words))
    if arguments is None:
        gc.freeze()  # else the process takes a tenth of a second to look for garbage before it ends
    return code


def _with_the_asked(words: Sequence[str]) -> typer.Typer:
    """The application with only the command that the words begin with, if one: building all takes longer."""
    asked = [each for each in app.registered_commands if words and _name(each) == words[0]]
    if not asked:
        return app
    lean = copy.copy(app)
    lean.registered_commands = asked
    return lean


def _name(command: typer.models.CommandInfo) -> str:
    return command.name or typer.main.get_command_name(getattr(command.callback, "__name__", ""))


def _version(wanted: bool) -> None:
    if wanted:
        from osolgil import __version__

        print(f"osolgil {__version__}")
        raise typer.Exit


@app.callback()
def _osolgil(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
@options.taking(
    options.DATA, {"optimizers": options.Optimizers}, options.NETWORK, options.PREPARATION, options.COURSE,
    options.CHANCE, {"jobs": options.Jobs, "out": options.Out, "resume": options.Resume}, options.SHOWN,
)  # fmt: skip
def race(context: typer.Context, source: options.Source, **given: Any) -> None:
    """Race optimizers on data, and say which trains this network best and how sure that is."""
    asked = data_settings(given) | settings(given)
    if given["learning_rates"] is not None:
        asked["learning_rates"] = values.rates(given["learning_rates"])
    length = values.seconds(given["budget"]) if given["budget"] is not None else None
    entrants = values.names(given["optimizers"]) if given["optimizers"] is not None else None
    folder, language = _folder(source, given), given["lang"].value

    from osolgil.race import race as run_race
    from osolgil.terminal import show_verdict, watching

    try:
        with watching(language, silent=given["quiet"] or given["as_json"]) as progress:
            verdict = run_race(
                source, optimizers=entrants, budget=length, jobs=given["jobs"], out=folder, resume=given["resume"],
                language=language, progress=progress, **asked,
            )  # fmt: skip
    except KeyboardInterrupt:
        raise endings.Stopped(_how_to_go_on(context.obj or [], folder)) from None
    if given["as_json"]:
        print_json(verdict.facts)
    elif given["quiet"]:
        print("\n".join(verdict.sentences(language)))
    else:
        show_verdict(verdict.facts, verdict.sentences(language), folder, language)


@app.command()
@options.taking(
    options.DATA, options.ANSWER, options.ONE_OPTIMIZER, options.NETWORK, options.PREPARATION, options.COURSE,
    {"seed": options.Seed, "jobs": options.Jobs, "out": options.Out, "memory": options.Memory},
    {"resume": options.ResumeTraining}, options.SHOWN,
)  # fmt: skip
def train(context: typer.Context, source: options.Source, **given: Any) -> None:
    """Train one network with one optimizer, or an ensemble; --defaults table for the best known on tables."""
    asked = data_settings(given) | optimizer_settings(given) | settings(given) | ensemble_settings(given)
    folder, language = _folder(source, given), given["lang"].value

    from osolgil.report.sentences import training_sentence
    from osolgil.terminal import show_training, watching
    from osolgil.training import train as run_training

    try:
        with watching(language, silent=given["quiet"] or given["as_json"]) as progress:
            trained = run_training(
                source, jobs=given["jobs"], out=folder, memory=given["memory"], resume=given["resume"],
                progress=progress, **asked,
            )  # fmt: skip
    except KeyboardInterrupt:
        if (folder / "plan.json").exists():
            raise endings.Stopped(_how_to_go_on(context.obj or [], folder)) from None
        raise endings.Stopped("Stopped; no network was written.") from None
    if given["as_json"]:
        print_json(trained.facts)
    elif given["quiet"]:
        print(training_sentence(trained.facts, language))
    else:
        show_training(trained.facts, folder, language)


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="A model's folder, or its model.json.", show_default=False)],
    data: Annotated[str, typer.Argument(help="New rows: a table, arrays or pictures.", show_default=False)],
    out: Annotated[str | None, typer.Option("--out", help="CSV file to write to. [the terminal]")] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Also the probability of every class.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Predict every row of new data with a trained model."""
    from osolgil.command_line.prediction import predictions, write_csv

    columns = predictions(model, data, probabilities)
    if as_json:
        print_json(columns)
    else:
        write_csv(columns, None if out is None else Path(out).expanduser())


@app.command()
def report(
    folder: Annotated[str, typer.Argument(help="Folder of a finished race or training.", show_default=False)],
    lang: options.Lang = _ENGLISH,
) -> None:
    """Write report.html of a finished race anew, or of a training: in another language, for example."""
    from osolgil.command_line.pages import write_page
    from osolgil.messages import message

    print(message("terminal.report_written", lang.value, path=write_page(Path(folder), lang.value)))


@app.command()
def data(as_json: options.Json = False, lang: options.Lang = _ENGLISH) -> None:
    """List the data sets known by name."""
    from osolgil.data.builtin import BUILTIN
    from osolgil.data.named import NAMED
    from osolgil.messages import message

    if as_json:
        print_json({"included": list(BUILTIN), "fetched": list(NAMED)})
        return
    for key, names in (("terminal.data_included", BUILTIN), ("terminal.data_fetched", NAMED)):
        print(f"{message(key, lang.value)}: {', '.join(names)}")


def _folder(source: str, given: dict[str, Any]) -> Path:
    if given["out"]:
        return Path(given["out"]).expanduser()
    return resumable_folder(source) if given["resume"] else new_folder(source)


def _how_to_go_on(words: Sequence[str], folder: Path) -> str:
    if not (folder / "plan.json").exists():
        with contextlib.suppress(OSError):
            folder.rmdir()
        return "Stopped before anything was trained."
    kept: list[str] = []
    skip = False
    for word in words:
        if not (skip or word in ("--resume", "--out") or word.startswith("--out=")):
            kept.append(word)
        skip = word == "--out"
    return f"Stopped; go on with: {shlex.join(['osolgil', *kept, '--out', str(folder), '--resume'])}"


lookups.add_to(app)
walks.add_to(app)
lessons.add_to(app)
diagnosis.add_to(app)
depth.add_to(app)
exporting.add_to(app)

if __name__ == "__main__":
    sys.exit(main())
