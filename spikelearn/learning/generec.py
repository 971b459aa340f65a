"""GeneRec: what a cell does with the answer minus what it did without it is its error, times what its source did.

O'Reilly 1996, Neural Comput. 8:895. In the circuit of `two_phases` the output is free in the first, minus phase and
holds the right answer in the second, plus phase, and synapses change by

    dw = eta x- (y+ - y-),

x and y the values of source and target. With weights that are the same both ways y+ - y- is to first order the slope of
the cell times what recurrent backpropagation (Almeida 1987; Pineda 1987) would send it. If the mean of x- and x+ is
taken for the first factor, and the mean of the changes of both directions for each, it is contrastive Hebbian learning:
see `contrastive_hebbian`, which differs by one parameter of the rule.

The activity difference (NGRAD: Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335) is y+ - y-, that of a cell's own
value between both phases; it is the only one, as the source counts with what it did in the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikelearn.learning.contrastive_hebbian import ContrastiveHebbian


@dataclass(eq=False, repr=False)
class GeneRec(ContrastiveHebbian):
    """GeneRec."""

    symmetric: ClassVar[bool] = False
