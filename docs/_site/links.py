"""Code in the text of a page that is a public name, `sl.LIF` or `net.connect`, becomes a link to the reference."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

HELD = {"net": "spikelearn.Network", "run": "spikelearn.Run"}
"""What a variable of this name is in all pages."""
NOT_IN = (nodes.reference, nodes.title, nodes.literal_block, addnodes.desc_signature, addnodes.toctree)


class NamesAreLinks(SphinxPostTransform):
    default_priority = 200

    def run(self, **_: Any) -> None:
        domain = self.env.domains["py"]
        for node in list(self.document.findall(nodes.literal)):
            name = full_name(node.astext())
            found = domain.objects.get(name) if name else None
            if found is None or any(isinstance(above, NOT_IN) for above in _above(node)):
                continue
            if found.docname == self.env.docname:
                continue
            builder = self.app.builder
            link = make_refnode(builder, self.env.docname, found.docname, found.node_id, node.deepcopy(), name)
            node.replace_self(link)


def full_name(code: str) -> str:
    """The name in the reference that a piece of code stands for, "" if it is none for sure."""
    match = re.match(r"(sl|spikelearn|net|run)\.([\w.]+)(\(.*\))?$|([A-Z]\w{2,}(?:\.\w+)?)(\(.*\))?$", code, re.DOTALL)
    if not match:
        return ""
    owner, name = match.group(1), match.group(2) or match.group(4)
    return f"{HELD.get(owner, 'spikelearn')}.{name}"


def _above(node: nodes.Node) -> Any:
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Any) -> dict[str, bool]:
    app.add_post_transform(NamesAreLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
