"""Compare spikelearn with every installed peer: the same networks, in turn, each run in its own process.

    python scripts/benchmark.py [--write]                       all; NEST, Brian2 and a C++ compiler are used if present
    python scripts/benchmark.py --quick                         tiny networks, to check that everything works
    python scripts/benchmark.py --only brunel cuba_4000 --peers nest --threads 1 --repeats 3
    AURYN=/path/to/auryn python scripts/benchmark.py --peer annarchy=PYTHON --peer brainpy=PYTHON --resume

Measurements go into raw.jsonl in the folder --out; --resume continues an interrupted session, and --report makes tables
of existing measurements. --write puts them into docs/benchmarks.md and draws its plots. No peer is required; PYTHON
is an interpreter that has the peer (BrainPy also needs numba there), and AURYN the folder of Auryn's repository, in
which it has been compiled; --peer nest_host=PYTHON is a NEST compiled for this processor, beside its wheel. See
benchmarks/ for the networks, how they are compared, and the goals.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import networks, session  # noqa: E402
from benchmarks.figures import draw  # noqa: E402
from benchmarks.report import report  # noqa: E402
from spikelearn.version import commit  # noqa: E402

PROBES = ("start", "memory", "trials")


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny networks, one session of a minute or two")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"networks, their parts, or {', '.join(PROBES)}")
    parser.add_argument("--peers", nargs="*", choices=networks.SIMULATORS[1:], help="default: all installed")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="a peer's own interpreter")
    parser.add_argument("--on-request", action="store_true", help="also peers that take many minutes on a network")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="numbers of threads")
    parser.add_argument("--repeats", type=int, help="rounds of each network; default: as defined for the network")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for one run")
    parser.add_argument("--out", type=Path, help="folder of raw measurements; default: out/benchmark")
    parser.add_argument("--resume", action="store_true", help="keep existing measurements, measure what is missing")
    parser.add_argument("--report", action="store_true", help="tables of existing measurements only")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and its plots")
    options = parser.parse_args(arguments)
    known = {name for each in all_networks(options) for name in (each.name, each.part)} | set(PROBES)
    if unknown := set(options.only or []) - known:
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; expected some of {', '.join(sorted(known))}")
    if wrong := [each for each in options.peer if each.split("=")[0] not in networks.SIMULATORS[1:] or "=" not in each]:
        parser.error(f"--peer: expected NAME=PYTHON with one of {', '.join(networks.SIMULATORS[1:])}, got {wrong[0]!r}")
    return options


def all_networks(options: argparse.Namespace) -> list[networks.Network]:
    return networks.quick() if options.quick else networks.full()


def chosen(options: argparse.Namespace, *names: str) -> bool:
    return not options.only or any(name in options.only for name in names)


def measure(options: argparse.Namespace, folder: Path) -> None:
    interpreters = dict(each.split("=", 1) for each in options.peer)
    all_peers = [each for each in networks.SIMULATORS[1:] if each != "nest_host" or each in interpreters]
    peers = all_peers if options.peers is None else options.peers
    found = list(session.interpreters(peers, interpreters))
    for simulator, python, version in found:
        print(f"{simulator}: {version or f'not installed for {python}'}", flush=True)
    here = session.Session(
        folder, {simulator: python for simulator, python, version in found if version}, options.timeout,
        lambda text: print(text, flush=True), session.read(folder / "raw.jsonl"),
    )  # fmt: skip
    here.write({
        "what": "session", "machine": session.machine(), "simulators": {each[0]: each[2] for each in found},
        "arguments": sys.argv[1:], "commit": commit(), **session.stamp(),
    })  # fmt: skip
    for network in all_networks(options):
        if not chosen(options, network.name, network.part):
            continue
        taking_part = network.simulators + (network.on_request if options.on_request else ())
        taking_part += ("nest_host",) if "nest" in taking_part else ()
        simulators = [each for each in networks.SIMULATORS if each in taking_part and each in here.pythons]
        here.rounds(network, options.repeats or network.repeats, options.threads, simulators)
    if chosen(options, "start"):
        here.start_up(1 if options.quick else 3)
    if chosen(options, "memory"):
        here.memory()
    if chosen(options, "trials"):
        here.trials(1 if options.quick else 3, 100 if options.quick else 10_000)


def main(arguments: list[str] | None = None) -> None:
    options = options_of(arguments)
    folder = options.out or ROOT / "out" / ("benchmark_quick" if options.quick else "benchmark")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.jsonl"
    if not options.report:
        if not options.resume:
            raw.unlink(missing_ok=True)
        measure(options, folder)
    records = session.read(raw)
    if not records:
        raise SystemExit(f"{raw}: no measurements there yet")
    lines = report(all_networks(options), records)
    print("\n" + "\n".join(lines))
    if options.write:
        docs = ROOT / "docs"
        pictures = draw(all_networks(options), records, docs)
        given = re.sub(r"(--out \S+|--resume|--report) ?", "", " ".join(records[0]["arguments"]))
        auryn = "AURYN=FOLDER " if records[0]["simulators"].get("auryn") else ""
        given = re.sub(r"=\S*python\S*", "=PYTHON", given)
        head = ["# Benchmarks", "", f"    {auryn}python scripts/benchmark.py {given}".rstrip(), ""]
        shown = [line for name, title in pictures for line in (f"![{title}]({name})", "")]
        (docs / "benchmarks.md").write_text("\n".join([*head, *shown, *lines]).rstrip() + "\n")
    else:
        with tempfile.TemporaryDirectory() as nowhere:
            draw(all_networks(options), records, Path(nowhere))


if __name__ == "__main__":
    main()
