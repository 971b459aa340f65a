"""Whether a rule is right to say that its weight changes at post events are linear in a trace (`additive_in`)."""

from __future__ import annotations

from typing import Any

from spikelearn.codegen.functions import plain
from spikelearn.errors import DescriptionError

_TRIED = (0.3, 0.7, 1.9)
_AGREE = 1e-9


def check_additive(rule: Any, parameters: Any) -> None:
    """Call `on_post` with some weights and traces. Raises DescriptionError if it does not do what the rule says."""
    name = rule.additive_in(parameters)
    if not name:
        return
    label, pre = f"additive_in of plasticity rule {rule.name!r}", [trace.name for trace in rule.pre]
    if name not in pre:
        raise DescriptionError(f"{label}: expected one of its pre traces ({', '.join(pre)}) or '', got {name!r}")
    if rule.state or "since_pre" in rule.takes("on_post"):
        what = "since_pre" if "since_pre" in rule.takes("on_post") else f"state {rule.state[0]!r}"
        raise DescriptionError(f"{label}: got {name!r}, but on_post depends on {what}; expected ''")
    low, high = parameters.W_min, parameters.W_max
    given = {argument: 0.4 + 0.1 * k for k, argument in enumerate(rule.takes("on_post"))}
    given |= rule.constants(parameters, 0.1)
    on_post = plain(rule.on_post)

    def added(weight: float, trace: float, others: float) -> float:
        values = given | dict.fromkeys(pre, others) | {name: trace, "weight": weight}
        result = on_post(*(values[argument] for argument in rule.takes("on_post")))
        return float(result if rule.modulated else result - weight)

    weights = [low + share * (high - low) for share in (0.25, 0.75)]
    per_unit = added(0.0, 1.0, 0.0)
    rounding = _AGREE * abs(per_unit) + (0.0 if rule.modulated else 1e-14 * max(abs(low), abs(high)))
    for weight in weights:
        for trace, others in zip((0.0, *_TRIED), (0.5, *_TRIED), strict=True):
            found, expected = added(weight, trace, others), per_unit * trace
            if abs(found - expected) > max(1.0, trace) * rounding:
                raise DescriptionError(
                    f"{label}: got {name!r}, but at weight {weight:g} and {name} = {trace:g} on_post adds {found:g}, "
                    f"expected {expected:g}, {name} times what it adds at weight 0 and {name} = 1"
                )
