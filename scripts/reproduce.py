"""Every published result beside its bar and its control: all models, several seeds, one page and a gallery.

    python scripts/reproduce.py                        all; goes on where it stopped; an hour or so on two cores
    python scripts/reproduce.py --quick                short forms, one seed, two minutes: does everything work?
    python scripts/reproduce.py burstprop_xor temporal_memory --seeds 6 7 8
    python scripts/reproduce.py --report               the pages, of what has been measured
    python scripts/reproduce.py plateau_learning --set mnist=/path/to/mnist

What has been measured is kept in results/measured of the folder --out (docs; out/quick with --quick), one file for each
model; what is there and whose model file has not changed is not measured again, unless --anew. In the end results.md
and gallery/ are written of all models that were asked for; with settings or seeds of one's own they are printed only.
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
    parser.add_argument("--seeds", nargs="+", type=int, metavar="SEED", help="default: as many as the model file says")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", help="a parameter")
    parser.add_argument("--out", type=Path, help="folder of what is written; default: docs, or out/quick")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="runs at a time; default: all cores")
    parser.add_argument("--report", action="store_true", help="measure nothing: the pages of what is there")
    parser.add_argument("--anew", action="store_true", help="measure again what is there")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    from tqdm import tqdm

    from benchmarks.session import processor
    from spikelearn.errors import ExperimentError
    from spikelearn.sweep import reproduction

    options = options_of(arguments)
    folder = options.out or ROOT / ("out/quick" if options.quick else "docs")
    settings = dict(each.partition("=")[::2] for each in options.settings)
    try:
        jobs = list(reproduction.jobs_of(options.models, settings, options.seeds, options.quick))
        if options.anew and not options.report:
            reproduction.forget(jobs, folder)
        errors: list[str] = []
        with tqdm(total=len(jobs), unit=" runs", disable=True if options.report else None) as bar:

            def tell(job: reproduction.Job, found: object) -> None:
                bar.update()
                seconds = f"{found['cpu_s']:.0f} s of CPU" if isinstance(found, dict) else str(found)
                bar.write(f"{job.title}, seed {job.seed}: {seconds}", file=sys.stderr)

            if not options.report:
                errors = reproduction.reproduce(jobs, folder, options.processes, tell)
        given = [each for each in (sys.argv[1:] if arguments is None else arguments) if each != "--report"]
        command = " ".join(["python scripts/reproduce.py", *given])
        text = reproduction.page(jobs, folder, command, f"{processor()}, {os.cpu_count()} cores")
    except ExperimentError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; what was measured is kept, and the same command goes on", file=sys.stderr)
        return 130
    if options.models or settings or options.seeds:
        print(text)
    else:
        (folder / "results.md").write_text(text)
        (folder / "gallery" / "README.md").write_text(reproduction.gallery(jobs, folder))
        print(f"{folder / 'results.md'}, {folder / 'gallery'}")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
