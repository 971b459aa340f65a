"""Every published result with its threshold and its control: all models, several seeds, one page and a gallery.

    python scripts/reproduce.py                        all; resumes where it stopped; two hours on two cores
    python scripts/reproduce.py --quick                short forms, one seed, two minutes, to check that all works
    python scripts/reproduce.py burstprop_xor temporal_memory --seeds 6 7 8
    python scripts/reproduce.py --fresh                all, with five seeds that were used for nothing else
    python scripts/reproduce.py --report               only the pages, from existing measurements
    python scripts/reproduce.py plateau_learning --set mnist=/path/to/mnist

Measurements are kept in sweep stores, and as text in results/measured, of the folder --out (docs, or out/quick with
--quick). Those made from this commit, with its code and model file, are not repeated unless --anew, and they alone are
in the pages; --accept-changes keeps all others, too. Finally results.md, refereed.md (each claim with its controls) and
gallery/ are written for all requested models; with custom settings or seeds results are printed. Tables of measurements
in other pages of results/ are filled anew (spikelearn/sweep/page_tables.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="some of the models; default: all")
    parser.add_argument("--quick", action="store_true", help="short forms, one seed")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--seeds", nargs="+", type=int, metavar="SEED", help="default: as given in the model file")
    chosen.add_argument("--fresh", action="store_true", help="the seeds that were used for nothing else")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", help="a parameter")
    parser.add_argument("--out", type=Path, help="output folder; default: docs, or out/quick")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="number of parallel runs; default: all cores"
    )
    parser.add_argument("--report", action="store_true", help="only write the pages from existing measurements")
    parser.add_argument(
        "--accept-changes", action="store_true", help="keep measurements of other commits, code or model files"
    )
    parser.add_argument("--anew", action="store_true", help="repeat existing measurements")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    from tqdm import tqdm

    from benchmarks.session import processor
    from spikelearn.errors import SpikelearnError
    from spikelearn.sweep import page_tables, refereed_page, reproduction, reproduction_pages

    options = options_of(arguments)
    folder = options.out or ROOT / ("out/quick" if options.quick else "docs")
    settings = dict(each.partition("=")[::2] for each in options.settings)
    try:
        seeds = reproduction.FRESH if options.fresh else options.seeds
        jobs = list(reproduction.jobs_of(options.models, settings, seeds, options.quick))
        if options.accept_changes:
            reproduction.accept_changes([*jobs, *reproduction.kept_jobs(folder)], folder)
        errors: list[str] = []
        with tqdm(total=len(jobs), unit=" runs", disable=True if options.report else None) as bar:

            def on_result(job: reproduction.Job, found: object) -> None:
                bar.update(isinstance(found, dict))
                seconds = f"{found['cpu_s']:.0f} s of CPU" if isinstance(found, dict) else str(found)
                bar.write(f"{job.title}, seed {job.seed}: {seconds}", file=sys.stderr)

            if not options.report:
                errors = reproduction.reproduce(jobs, folder, options.processes, on_result, options.anew)
        given = [
            each
            for each in (sys.argv[1:] if arguments is None else arguments)
            if each not in ("--report", "--accept-changes", "--fresh")
        ]
        command = " ".join(["python scripts/reproduce.py", *given])
        if options.fresh and not (options.models or settings):
            jobs = list(reproduction.jobs_of([], {}, None, options.quick))
        machine = "" if options.report or options.accept_changes else f"{processor()}, {os.cpu_count()} cores"
        text = reproduction_pages.page(jobs, folder, command, machine)
        page_tables.fill_pages(folder)
    except SpikelearnError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; measurements are kept, and the same command resumes", file=sys.stderr)
        return 130
    if options.models or settings or options.seeds:
        print(text)
    else:
        (folder / "gallery").mkdir(parents=True, exist_ok=True)
        (folder / "results.md").write_text(text)
        (folder / "refereed.md").write_text(refereed_page.refereed(jobs, folder, command))
        (folder / "gallery" / "README.md").write_text(reproduction_pages.gallery(jobs, folder))
        print(f"{folder / 'results.md'}, {folder / 'refereed.md'}, {folder / 'gallery'}")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
