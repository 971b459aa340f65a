"""The error for what another simulator has no equal of."""

from spikelearn.errors import DescriptionError


def unsupported(what: str, simulator: str, why: str, who_can: str = 'engine="compiled" can') -> DescriptionError:
    """`what` cannot run on `simulator`, `why`, and which engines can."""
    return DescriptionError(f"{what} cannot run on {simulator}: {why}; {who_can}")
