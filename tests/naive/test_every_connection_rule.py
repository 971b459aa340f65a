"""What holds for every connection rule, ours and users': they join by being listed."""

from dataclasses import dataclass, fields

import numpy as np
import pytest
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.connectivity import CONNECTION_RULES
from spikelearn.errors import DescriptionError
from spikelearn.kernels.random import uniform

N = 12


@dataclass(frozen=True)
class Neighbours(sl.ConnectionRule):
    """Each source to the k targets that follow it, on a ring."""

    k: int
    by_source = True
    example = {"k": 3}

    @staticmethod
    def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
        for i in range(numbers[0]):
            partners[i] = (row + 1 + i) % n_partners
        return numbers[0]

    def rows(self, ends):
        return sl.Rows(np.array([self.k]), degrees=np.array([self.k]))


@dataclass(frozen=True)
class NearThePlace(sl.ConnectionRule):
    """To each target from sources less than `reach` away in their numbers, with probability p."""

    reach: int
    p: float
    autapses: bool = True
    example = {"reach": 4, "p": 0.6}

    @staticmethod
    def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
        count = 0
        reach = int(numbers[0])
        for i in range(max(0, row - reach), min(n_partners, row + reach + 1)):
            if i != own and uniform(start, increment, i) < numbers[1]:
                partners[count] = i
                count += 1
        return count

    def rows(self, ends):
        near = sum(abs(i - j) <= self.reach for i in range(ends.n_source) for j in range(ends.n_target))
        return sl.Rows(np.array([self.reach, self.p]), expected=self.p * near)


def with_and_without_autapses(rule):
    has_field = "autapses" in [each.name for each in fields(rule)]
    return [rule(**rule.example, **more) for more in ({}, {"autapses": False})[: 1 + has_field]]


RULES = [rule for each in (*CONNECTION_RULES, Neighbours, NearThePlace) for rule in with_and_without_autapses(each)]


def network(rule, threads=1, seed=1, procedural=False, recurrent=True):
    """Neurons that fire often; a projection of the rule among them, or onto them from others."""
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    net.population(3, sl.LIF(), name="others in the block")
    cells = net.population(N, sl.LIF(), name="cells", positions=sl.Grid((3, 4), extent=1.0))
    source = net.population(N, sl.Poisson(200.0), name="source", positions=sl.UniformPositions((1.0, 1.0)))
    net.connect(source, cells, weight=400.0, delay=1.0)
    projection = net.connect(
        cells if recurrent else source, cells, "exc", rule, weight=sl.Normal(100.0, 20.0),
        delay=sl.Uniform(0.5, 3.0), procedural=procedural,
    )  # fmt: skip
    net.record(cells)
    return net, projection


def outcome(*arguments, engine="compiled", **options):
    net, projection = network(*arguments, **options)
    run = net.run(50.0, engine=engine)
    return *run.synapses(projection), *run.spikes("cells"), [run.projections[projection.name].n_synapses]


def same(one, other):
    for found, expected in zip(one, other, strict=True):
        EXACT.check(found, expected)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_rule_makes_the_same_network_on_any_number_of_threads_and_in_plain_python(rule):
    one = outcome(rule)
    assert len(one[4]) > 10
    for threads, engine in ((2, "compiled"), (3, "compiled"), (2, "stepper")):
        same(outcome(rule, threads, engine=engine), one)


@pytest.mark.parametrize("recurrent", [True, False])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_exact_engine_is_given_the_synapses_of_a_table(rule, recurrent):
    stored = outcome(rule, recurrent=recurrent)
    listed = outcome(rule, recurrent=recurrent, engine="events")
    same(listed[:3], stored[:3])
    EXACT.check(np.maximum(1, np.floor(listed[3] / 0.1 + 0.5)) / 10, stored[3])
    EXACT.check(listed[-1], stored[-1])


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_rule_is_procedural_with_the_synapses_of_a_table_or_refused(rule):
    if not rule.procedural:
        with pytest.raises(DescriptionError, match=f"procedural .*, got {rule.name}"):
            network(rule, procedural=True)
        return
    stored = outcome(rule)
    same(outcome(rule, procedural=True)[:4], stored[:4])
    one, two = outcome(rule, procedural=True), outcome(rule, 2, procedural=True)
    same(two, one)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_rule_keeps_its_promises(rule):
    sizes = []
    for seed in range(30):
        net, projection = network(rule, seed=seed)
        made = net.run(0.0).synapses(projection)
        owners = made.pre if rule.by_source else made.post
        if projection.rows.degrees is not None and projection.rows.owners is None:
            EXACT.check(np.bincount(owners, minlength=N), projection.rows.degrees * np.ones(N, int))
        assert getattr(rule, "autapses", True) or isinstance(rule, sl.Pairs) or not np.any(made.pre == made.post)
        sizes.append(len(made.pre))
    expected = projection.rows.expected if projection.rows.degrees is None else sizes[0]
    # autapses that are left out are not counted in what is expected; pairs are independent, or fixed in number
    left_out = 0 if getattr(rule, "autapses", True) else N
    assert STAT(30, N / 2).atol >= max(0.0, abs(np.mean(sizes) - expected) - left_out)


def test_a_rule_of_a_user_makes_what_it_says():
    pre, post = outcome(Neighbours(2))[:2]
    assert sorted(zip(pre.tolist(), post.tolist(), strict=True)) == sorted(
        (i, (i + 1 + k) % N) for i in range(N) for k in range(2)
    )
    pre, post = outcome(NearThePlace(2, 1.0))[:2]
    assert set(zip(post.tolist(), pre.tolist(), strict=True)) == {
        (j, i) for j in range(N) for i in range(N) if abs(i - j) <= 2
    }


def test_a_rule_defined_in_a_function_goes_through_a_checkpoint(tmp_path):
    offset = 5

    @dataclass(frozen=True)
    class Shifted(sl.ConnectionRule):
        @staticmethod
        def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
            partners[0] = (row + offset) % n_partners
            return 1

        def rows(self, ends):
            return sl.Rows(degrees=np.array([1]))

    net, projection = network(Shifted())
    first = net.run(20.0)
    EXACT.check(first.synapses(projection).pre, (np.arange(N) + offset) % N)
    first.checkpoint(tmp_path / "state")
    expected = net.run(30.0)
    restored = sl.Network.restore(tmp_path / "state")
    found = restored.run(30.0)
    same(found.spikes("cells"), expected.spikes("cells"))
    same(found.synapses(projection.name), expected.synapses(projection))


def test_two_rules_of_one_text_that_close_over_other_numbers_are_two_rules():
    def shifted(offset):
        @dataclass(frozen=True)
        class Shifted(sl.ConnectionRule):
            @staticmethod
            def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
                partners[0] = (row + offset) % n_partners
                return 1

            def rows(self, ends):
                return sl.Rows(degrees=np.array([1]))

        return Shifted()

    for offset in (1, 4):
        EXACT.check(outcome(shifted(offset))[0], (np.arange(N) + offset) % N)


def rule_with(row, degrees=None, width=None):
    return type(
        "Wrong", (sl.ConnectionRule,),
        {"row": staticmethod(row), "rows": lambda self, ends: sl.Rows(degrees=degrees, expected=1.0, width=width)},
    )  # fmt: skip


def out_of_range(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    partners[0] = n_partners
    return 1


def one_partner(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    partners[0] = 0
    return 1


def two_partners(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    partners[0] = partners[1] = 0
    return 2


@pytest.mark.parametrize("engine", ["compiled", "events"])
@pytest.mark.parametrize(
    "rule",
    [rule_with(out_of_range), rule_with(one_partner, np.array([2])), rule_with(two_partners, width=1)],
    ids=["a partner out of range", "other degrees than promised", "more than its width"],
)
def test_a_row_that_cannot_be_is_an_error_that_names_the_rule(rule, engine):
    net, _ = network(rule())
    with pytest.raises(DescriptionError, match="'cells->cells': connection rule Wrong made a row with"):
        net.run(1.0, engine=engine)


def test_a_row_function_with_other_arguments_is_refused_when_the_rule_is_defined():
    with pytest.raises(DescriptionError, match=r"row of connection rule 'Wrong' takes \(row, n\), expected \(row, n_p"):
        rule_with(lambda row, n: 0)


def test_what_is_no_connection_rule_is_refused():
    with pytest.raises(DescriptionError, match=r"expected a connection rule such as FixedInDegree\(100\), got 0.1"):
        network(0.1)
