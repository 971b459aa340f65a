"""The kernels of a plasticity rule that learns at events, rendered for each rule from two templates.

templates/event_synapse.py: what an event does to a synapse. templates/event_rule.py: the loops.
"""

from __future__ import annotations

import functools
import keyword
import re
from collections.abc import Sequence, Set

from spikelearn.codegen.template import TEMPLATES, render

NEVER = -(1 << 40)
"""A step before all others."""

LONG_AGO = -(1 << 30)
"""The same for steps that are kept in 4 bytes."""

LAST_STEP = (1 << 31) - 1
"""The last of those steps."""

WANTED, LATEST = range(2)
"""Indices of `sweeps`, int64: the synapses that a sweep is needed for, 0 if none; the last step that was swept."""

SOME, ALL = 1, 2
"""Which synapses a sweep is needed for: those that have waited long, or all."""

FEW = 7
"""A synapse applies so many events of its target since its last arrival one by one; see event_synapse.py."""

_TEMPLATES = ("event_synapse", "event_rule")
_NOT_CODE = re.compile(r'"""(?:.|\n)*?"""|#.*|^from .*|^import .*|^def \w+', re.MULTILINE)
_USED_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_NOT_NAMES = {*keyword.kwlist, "W_min", "W_max"}


@functools.cache
def taken_names(modulated: bool) -> frozenset[str]:
    """Names used by the loops themselves, which no trace, state or constant of a rule may have."""
    handlers = ["since_pre"], ["since_pre"]
    text = render_event_rule(
        [("_", "add")],
        [],
        [],
        (),
        False,
        *handlers,
        modulated,
        False,
        release=(["_"], ["_"]),
        rises=modulated,
        gathers=not modulated,
        summed="_",
    )
    return frozenset(_USED_NAME.findall(_NOT_CODE.sub("", text))) - _NOT_NAMES


def taken_among(names: Set[str], modulated: bool) -> Set[str]:
    """Those of `names` that the loops use themselves. The loops are rendered only if they may have such a name."""
    words, prefixes, suffixes = _template_names()
    if any(name in words or name.startswith(prefixes) or name.endswith(suffixes) for name in names):
        return names & taken_names(modulated)
    return frozenset()


@functools.cache
def _template_names() -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """Words of the templates below their docstrings, and what they put before and after the names of a rule."""
    texts = [(TEMPLATES / f"{template}.py").read_text(encoding="utf-8") for template in _TEMPLATES]
    text = "".join(text.split('"""', 2)[2] for text in texts)
    words, loops = set(_USED_NAME.findall(text)), re.findall(r"# for ([a-z, ]+) in", text)
    replaced = {name.strip() for names in loops for name in names.split(",")}
    joined = [word.split("__") for word in words if "__" in word]
    prefixes = {f"{first}_" for first, *_ in joined if first not in replaced and not first.isupper()}
    suffixes = {f"_{last}" for *_, last in joined if last not in replaced and not last.isupper()}
    return frozenset(words | {"_"}) - _NOT_NAMES, tuple(prefixes), tuple(suffixes)


def render_event_rule(
    pre: Sequence[tuple[str, str]],
    post: Sequence[tuple[str, str]],
    constants: Sequence[str],
    state: Sequence[str],
    state_goes_on: bool,
    on_pre: Sequence[str],
    on_post: Sequence[str],
    modulated: bool,
    mean_pre: bool,
    reads: Sequence[str] = (),
    transmits: bool = False,
    release: tuple[Sequence[str], Sequence[str]] | None = None,
    rises: bool = False,
    gathers: bool = False,
    summed: str = "",
    varying: Sequence[str] = (),
) -> str:
    """The loops: deliver, push (post events), sweep, read and reset.

    pre, post: (name, jump) of the traces. on_pre, on_post: arguments of the handlers. reads: state variables of the
    target, whose values post events carry. transmits: whether what arrives is a function of the weight.
    release: state and constants of short-term plasticity, None without it. rises: whether the eligibility does.
    gathers: whether changes of weights are applied at multiples of a time only.
    summed: the pre trace whose effect at post events is taken up at once; see event_synapse.py.
    varying: the constants that each synapse has for itself.
    What `read` writes is numbered as in PlasticityRule.variables.
    """
    own = {*dict(pre), *dict(post), *state, *constants, *reads}
    times = [name for name in ("since_pre", "t") if name in (*on_pre, *on_post) and name not in own]
    of_arrival: dict[str, str] = {"since_pre": "(s - last) * ms_per_step", "t": "s * ms_per_step"}
    of_post = {"since_pre": "(at - last) * ms_per_step", "t": "at * ms_per_step"}
    before: dict[str, str] = {name: of_arrival[name] for name in times} | {name: f"{name}_now" for name, _ in pre}
    since: dict[str, str] = {name: of_post[name] for name in times}
    numbers = iter(range(2 if modulated else 1, 1 << 16))
    readable = [[(str(next(numbers)), name) for name in names] for names in (state, dict(pre), dict(post))]
    kept = [("weight", "weights"), *([("eligibility", "eligibilities")] if modulated else [])]
    kept += [("rising", "risings")] if rises else []
    kept += [("gathered", "gathered_changes")] if gathers else []
    return render(
        *_TEMPLATES,
        pre=tuple(name for name, _ in pre),
        post=tuple(name for name, _ in post),
        added=tuple(name for name, jump in (*pre, *post) if jump == "add"),
        constants=tuple(constants),
        own_constants=tuple(name for name in constants if name not in ("W_min", "W_max", *varying)),
        state=tuple(state),
        varying=tuple(varying),
        kept=(*kept, *((name, f"synapse_{name}") for name in (*state, *varying))),
        on_pre=tuple(before.get(name, name) for name in on_pre),
        on_post=tuple(since.get(name, name) for name in on_post),
        timed=bool(times),
        readable_state=tuple(readable[0]),
        readable_pre=tuple(readable[1]),
        readable_post=tuple(readable[2]),
        reads=tuple(reads),
        state_goes_on=state_goes_on,
        modulated=modulated,
        rises=rises,
        gathers=gathers,
        summed=(summed,) if summed else (),
        seen=tuple((str(column), name) for column, (name, _) in enumerate(post)),
        first_sum=str(len(post)),
        mean_pre=mean_pre,
        transmits=transmits,
        short_term=release is not None,
        release_state=tuple(release[0]) if release else (),
        release_constants=tuple(release[1]) if release else (),
    )
