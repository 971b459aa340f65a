"""Every error that spikelearn raises on purpose. Each message says what, where, and what was expected."""


class SpikelearnError(Exception):
    """Base of all errors raised by spikelearn."""


class UnitError(SpikelearnError, TypeError):
    """A value with the wrong physical dimension, or not a number at all."""


class ParameterError(SpikelearnError, ValueError):
    """An unknown parameter, or a value outside the range in which it has a meaning."""


class DescriptionError(SpikelearnError, ValueError):
    """A network that cannot be built: unknown port, kind or model, bad shape, index or delay."""


class SimulationError(SpikelearnError, RuntimeError):
    """A failure during a run, such as a state that is no longer finite.

    run: the Run up to that time, if there is one.
    """

    run: object = None


class RunFileError(SpikelearnError, OSError):
    """A run file that cannot be written, or is missing, broken, truncated or of another version.

    run: the Run up to that time, if it stopped a run.
    """

    run: object = None


class CheckpointError(SpikelearnError, OSError):
    """A checkpoint that cannot be written, or is missing, broken, truncated or of another version or network.

    run: the Run up to that time, if it stopped a run.
    """

    run: object = None


class ExperimentError(SpikelearnError, ValueError):
    """A model file or its parameters that cannot be used."""


class StoreError(SpikelearnError, OSError):
    """A store of a sweep that cannot be read or written, or holds a different sweep."""


class TemplateError(SpikelearnError, ValueError):
    """A template of a kernel that cannot be rendered: a mark or a name that is unknown, with file and line."""


class CoarseStepWarning(UserWarning):
    """A dt of half the fastest time constant of a population or more, so that results depend on dt."""


class DivergenceWarning(UserWarning):
    """Weights of a learner that grew without bound."""


class ScaleWarning(UserWarning):
    """Features of which most hardly vary once all are mapped to 0 to 1 together."""


class SignWarning(UserWarning):
    """Weights of a sign that the port does not expect: a positive current into "inh", or a negative conductance."""
