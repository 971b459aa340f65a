"""The error for features that another simulator does not have."""

from spikelearn.errors import DescriptionError


def unsupported(what: str, simulator: str, why: str, who_can: str = 'engine="compiled" can') -> DescriptionError:
    """The error that `what` cannot run on `simulator`, for reason `why`, and which engines can run it."""
    return DescriptionError(f"{what} cannot run on {simulator}: {why}; {who_can}")
