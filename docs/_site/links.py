"""Code in the text of a page that is a public name, `sl.LIF` or `net.connect`, becomes a link to the reference.

When all pages are written, every link to the site itself, of whatever origin, must lead to a file and a place in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

LOG = logging.getLogger(__name__)

HELD = {"net": "spikelearn.Network", "run": "spikelearn.Run"}
"""What a variable of this name is in all pages."""
OF_LEARNERS = ("learners", "theory/rules/", "reference/api/learning_", "reference/api/part_learning")
"""Pages on which a name alone is that of a learner, if there is one, rather than of its rule."""
NOT_IN = (nodes.reference, nodes.title, nodes.literal_block, addnodes.desc_signature, addnodes.toctree)


class NamesAreLinks(SphinxPostTransform):
    default_priority = 200

    def run(self, **_: Any) -> None:
        domain = self.env.domains["py"]
        for node in list(self.document.findall(nodes.literal)):
            name = full_name(node.astext())
            names = [name, *_in_packages(name)]
            if self.env.docname.startswith(OF_LEARNERS) and "." not in node.astext().partition("(")[0]:
                names.sort(key=lambda each: not each.startswith("spikelearn.learning."))
            known = (each for each in names if each in domain.objects)
            found = domain.objects.get(next(known, ""))
            if found is None or any(isinstance(above, NOT_IN) for above in _above(node)):
                continue
            if found.docname == self.env.docname:
                continue
            builder = self.app.builder
            link = make_refnode(builder, self.env.docname, found.docname, found.node_id, node.deepcopy(), name)
            node.replace_self(link)


def full_name(code: str) -> str:
    """The name in the reference that a piece of code stands for, "" if it is none for sure."""
    match = re.match(
        r"(sl|spikelearn|net|run)\.([\w.]+)(\(.*\))?$|([A-Z][A-Za-z]\w+(?:\.\w+)?)(\(.*\))?$", code, re.DOTALL
    )
    if not match:
        return ""
    owner, name = match.group(1), match.group(2) or match.group(4)
    return f"{HELD.get(owner, 'spikelearn')}.{name}"


def _in_packages(name: str) -> list[str]:
    """The name in each package that has names of its own, such as learners."""
    return [
        name.replace("spikelearn.", f"spikelearn.{package}.", 1)
        for package in ("learning", "sweep", "errors", "results")
    ]


def _above(node: nodes.Node) -> Any:
    while node.parent is not None:
        node = node.parent
        yield node


def broken(folder: Path) -> list[tuple[str, str]]:
    """(page, link) of all links in the text of pages that lead nowhere in the folder."""
    pages = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.html") if "_static" not in path.parts}
    places = {path.resolve(): set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    found = []
    for page, text in pages.items():
        inner = text.partition("<article")[2].partition("</article>")[0]
        for link in sorted(set(re.findall(r'(?:href|src)="([^"]+)"', inner))):
            if re.match(r"[a-z]+:|//|#$", link):
                continue
            path, _, place = unquote(link).partition("#")
            to = (page.parent / path).resolve() if path else page.resolve()
            if not to.exists() or (place and to in places and place not in places[to]):
                found.append((str(page.relative_to(folder)), link))
    return found


def _check(app: Any, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for page, link in broken(Path(app.outdir)):
            LOG.warning("%s: the link %s leads nowhere", page, link)


def setup(app: Any) -> dict[str, bool]:
    app.add_post_transform(NamesAreLinks)
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
