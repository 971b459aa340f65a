"""A recorded run as one page: its scripts, style and data in one HTML file, which a browser opens without a server.

The data are tiles, as the server sends them, from the coarsest level to as fine as they fit; the page says where they
end. Everything that comes from the run is data to the page: JSON and base64, with no character that ends a script.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

from spikelearn.atomic_files import reason, replacing
from spikelearn.errors import ExperimentError, RunFileError
from spikelearn.results.run import Run
from spikelearn.viewer.recorded import COLUMNS, DEEPEST, RecordedRun, recorded_weights
from spikelearn.viewer.server import page_files

ORDER = ("wire.js", "pieces.js", "plots.js", "graph.js", "panel.js", "main.js")
"""Modules after those that they import; their names are distinct, so that they can be one module."""
MOST_SYNAPSES = 5_000_000
"""Of a projection whose histogram is in the page."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def write(run: Run, title: str, path: Path, most_bytes: int) -> int:
    """Write a run as one page of at most about so many bytes; returns how many it has.

    Raises ExperimentError if not even the coarsest level fits, RunFileError if the file cannot be written.
    """
    text = page(RecordedRun(run, title), most_bytes).encode("utf-8")
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(text)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be written: {reason(error, path.parent)}") from error
    return len(text)


def page(recorded: RecordedRun, most_bytes: int) -> str:
    """The page of a run, with tiles that together take at most so many bytes."""
    found = {name: content.decode("utf-8") for name, content in page_files().items()}
    tiles, deepest, complete = _tiles(recorded, most_bytes)
    structure = {**recorded.structure(), "deepest": deepest}
    if not complete:
        width = recorded.length / (COLUMNS << deepest)
        structure["left_out"] = f"times in bins of {width:.3g} ms: single events and samples are not in this file"
    content = {"structure": structure, "tiles": tiles, "weights": _weights(recorded)}
    text = json.dumps(content, allow_nan=False).replace("<", "\\u003c")
    script = "\n".join(_EXPORT.sub("", _IMPORT.sub("", found[name])) for name in ORDER)
    made = found["index.html"]
    for old, new in (
        ('<link rel="stylesheet" href="style.css">', f"<style>\n{found['style.css']}</style>"),
        ('<script type="module" src="main.js"></script>', ""),
        ("<title>spikelearn view</title>", f"<title>{html.escape(recorded.title)}</title>\n{_POLICY}"),
        ("</body>", f'<script type="application/json" id="content">{text}</script>\n'
                    f'<script type="module">\n{script}</script>\n</body>'),
    ):  # fmt: skip
        assert old in made
        made = made.replace(old, new)
    return made


_POLICY = (
    "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:\">"
)
"""Nothing is fetched from anywhere."""


def _tiles(recorded: RecordedRun, most_bytes: int) -> tuple[dict[str, str], int, bool]:
    """Tiles level by level while they fit, the deepest level, and whether they have every event and sample."""
    tiles: dict[str, str] = {}
    size, wanted = 0, [0]
    for level in range(DEEPEST + 1):
        made: dict[str, str] = {}
        below = []
        for index in wanted:
            message = recorded.tile(level, index)
            packed = base64.b64encode(gzip.compress(message.packed(), 6, mtime=0)).decode("ascii")
            made[f"{level}/{index}"] = packed
            size += len(packed)
            if size > most_bytes:
                if level == 0:
                    raise ExperimentError(
                        f"one page: the coarsest picture of this run takes {size / 1e6:.1f} MB, more than the "
                        f"{most_bytes / 1e6:g} MB that are allowed; see --most"
                    )
                return tiles, level - 1, False
            if not message.header["whole"]:
                below += [2 * index, 2 * index + 1]
        tiles |= made
        if not below:
            return tiles, level, True
        wanted = below
    return tiles, DEEPEST, False


def _weights(recorded: RecordedRun) -> dict[str, Any]:
    run = recorded.run
    small = [name for name in run.synapse_data if 0 < run.projections[name].n_synapses <= MOST_SYNAPSES]
    return {f"projection:{name}": recorded_weights(recorded, f"projection:{name}") for name in small}
