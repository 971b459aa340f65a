"""Counter-based random numbers: a value depends only on (seed, object, step, counter).

So the same network gets the same numbers in any order, on any number of threads, whether resumed or not. The mixing
function is the finaliser of splitmix64 (Steele, Lea & Flood 2014); each (seed, object, step) has its own start and odd
increment, so no two streams are shifted copies of each other.
"""

import math

import numpy as np

from spikelearn.codegen.jit import scalar

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)
_S11 = np.uint64(11)
_S27 = np.uint64(27)
_S30 = np.uint64(30)
_S31 = np.uint64(31)
_TO_UNIT = 1.0 / 9007199254740992.0
_LAYERS = 128
_LAYER_BITS = np.uint64(_LAYERS - 1)
_TAIL = 3.442619855899
_AREA = 9.91256303526217e-3


def _ziggurat() -> tuple[np.ndarray, np.ndarray]:
    """Right edges of the layers, and the fraction of each layer that lies entirely under the curve."""
    edges = [_AREA / math.exp(-0.5 * _TAIL * _TAIL), _TAIL]
    while len(edges) < _LAYERS:
        x = edges[-1]
        edges.append(math.sqrt(-2.0 * math.log(_AREA / x + math.exp(-0.5 * x * x))))
    edges.append(0.0)
    return np.array(edges), np.array(edges[1:]) / np.array(edges[:-1])


_EDGES, _INNER = _ziggurat()

PARTNERS_STREAM, WEIGHT_STREAM, DELAY_STREAM, NOISE_STREAM = range(4)
STREAMS = 4
"""The streams of random numbers of each object of a network: their keys are uid * STREAMS + stream."""


def noise_key(uid: int) -> int:
    """The key of the numbers that an object draws during a run."""
    return uid * STREAMS + NOISE_STREAM


def later_key(uid: int) -> int:
    """The key of those that neurons draw for what they do at the start or the end of a step."""
    return uid * STREAMS + WEIGHT_STREAM


@scalar
def mix(z):
    """Scramble 64 bits."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@scalar
def stream(seed, key, step):
    """The start and the odd increment of the stream of one object in one step."""
    start = mix(np.uint64(seed) + _GOLDEN)
    start = mix(start + np.uint64(key) * _GOLDEN)
    start = mix(start + np.uint64(step) * _GOLDEN)
    return start, mix(start ^ _MIX_2) | _ONE


@scalar
def bits(start, increment, counter):
    """64 random bits, number `counter` of a stream."""
    return mix(start + np.uint64(counter) * increment)


@scalar
def to_unit(z):
    """A float in (0, 1) from 64 bits, never 0 or 1."""
    return (np.float64(z >> _S11) + 0.5) * _TO_UNIT


@scalar
def uniform(start, increment, counter):
    """A float in (0, 1)."""
    return to_unit(bits(start, increment, counter))


@scalar
def normal(start, increment, counter):
    """A standard normal, by ziggurat (Marsaglia & Tsang 2000, in the form of Doornik 2005).

    Nearly always one draw and one comparison. Rejected values are drawn again from a stream of this counter.
    """
    z = bits(start, increment, counter)
    while True:
        layer = int(z & _LAYER_BITS)
        u = 2.0 * to_unit(z) - 1.0
        x = u * _EDGES[layer]
        if abs(u) < _INNER[layer]:
            return x
        z = mix(z + _GOLDEN)
        v = to_unit(z)
        if layer == 0:
            while True:
                tail = math.log(v) / _TAIL
                z = mix(z + _GOLDEN)
                if -2.0 * math.log(to_unit(z)) >= tail * tail:
                    return tail - _TAIL if u < 0.0 else _TAIL - tail
                z = mix(z + _GOLDEN)
                v = to_unit(z)
        high = math.exp(-0.5 * (_EDGES[layer] * _EDGES[layer] - x * x))
        low = math.exp(-0.5 * (_EDGES[layer + 1] * _EDGES[layer + 1] - x * x))
        if low + v * (high - low) < 1.0:
            return x
        z = mix(z + _GOLDEN)


@scalar
def normal_at_once(start, increment, counter):
    """`normal` if it takes one draw, as it nearly always does; else NaN. A loop of these vectorises."""
    z = bits(start, increment, counter)
    layer = int(z & _LAYER_BITS)
    u = 2.0 * to_unit(z) - 1.0
    return u * _EDGES[layer] if abs(u) < _INNER[layer] else np.nan


@scalar
def random_uniform(seed, key, counter):
    """A float in (0, 1) for callbacks: the same for the same three integers, whenever it is asked for.

    >>> random_uniform(1, 0, 5) == random_uniform(1, 0, 5) != random_uniform(1, 0, 6)
    True
    """
    start, increment = stream(seed, key, 0)
    return uniform(start, increment, counter)
