"""Everything odt_core raises on purpose: one family, one line of advice in every message."""


class OdtError(Exception):
    """Base of them all. The message says what is wrong, with what, and what to do."""


class ModelError(OdtError, ValueError):
    """The .tflite cannot be read, understood or run."""


class LoweringError(ModelError):
    """An op of the .tflite has no builtin equivalent yet; the message names op and signature."""


class OpenSizeError(LoweringError):
    """An op needs a size that the .tflite leaves open, such as the height of an image."""


class AuthoringError(OdtError, ValueError):
    """The Keras model cannot be turned into a .tflite as asked."""


class SignatureError(OdtError, ValueError):
    """A signature is missing, or was given arrays of the wrong name, shape or dtype."""


class SampleError(OdtError, ValueError):
    """An image, archive or array of samples cannot be used."""


class NoAnswerError(SampleError):
    """What a model says to a sample is not a number."""


class LabelError(OdtError, ValueError):
    """A label is empty, doubled, unknown, or the model has no output left for it."""


class SettingsError(OdtError, ValueError):
    """A setting or an argument is out of its range."""


class TrainingError(OdtError, RuntimeError):
    """Training cannot start or cannot go on."""


class NothingLearntError(TrainingError):
    """A training ended before it had learnt anything: it diverged, or was stopped."""


class CheckpointError(OdtError, ValueError):
    """A checkpoint is damaged, or belongs to another model."""


class WorkspaceError(OdtError, RuntimeError):
    """The workspace on disk cannot be read or written."""


class WorkerError(OdtError, RuntimeError):
    """The process that runs the model died or does not answer."""


def line_of(error: Exception, at: int = 0) -> str:
    """One line, the first, of what another library's error says; its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[at] if lines else type(error).__name__
