"""Every benchmark beside its goal."""

from pathlib import Path

import click


@click.command()
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the JSON.")
@click.option("--check", is_flag=True, help="End with 1 when a goal is missed.")
def cli(names: tuple[str, ...], out: Path | None, check: bool) -> None:
    """Run the benchmarks NAMES, or all of them, and write build/bench.json.

    A benchmark is a module of benchmarks/ with `run() -> list[Measure]`.
    """
    from rich.console import Console

    from penstock.benches import PLACE, modules, run, write
    from penstock.reports import BAD, GOOD, table

    unknown = sorted(set(names) - set(modules()))
    if unknown:
        raise click.UsageError(f"there is no benchmark {unknown[0]}; there are {modules()}")
    # A pipe has 80 columns; the table needs a few more to be read.
    console = Console(width=max(Console().width, 104))
    made, measures = table("Measured", "what", "value", "unit", "goal", "met"), []
    with console.status("measuring"):
        for found in run(names or modules()):
            measures.append(found)
            mark = "" if found.met is None else GOOD if found.met else BAD
            value = f"{found.value:,.0f}" if found.value >= 1_000 else f"{found.value:,.2f}"
            made.add_row(found.name, value, found.unit, found.goal, mark)
    console.print(made)
    write(measures, out or PLACE)
    missed = [found.name for found in measures if found.met is False]
    if check and missed:
        raise click.ClickException(f"missed: {', '.join(missed)}")
