"""Tracing what a person wrote: what goes wrong in it is said in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from odt_core.errors import AuthoringError

_LONGEST = 300  # characters of somebody else's message
_OTHERS = re.compile(  # around what was said: terminals' colours, AutoGraph's and Keras' traces
    r"\x1b\[[\d;]*m|\bin user code:.*^\s+(?:[\w.]+: )|\s+Arguments received by .*",
    re.DOTALL | re.MULTILINE,
)


@contextmanager
def plain_errors(
    what: str = "The model",
    advice: str = "See that its loss takes labels of the given shape, and that it runs as a "
    "tf.function.",
    cannot: str = "be traced",
) -> Iterator[None]:
    """AuthoringError for whatever Keras or TensorFlow raises while a model is traced or run: our
    own, which AutoGraph wraps, or theirs with what to look at.
    """
    try:
        yield
    except AuthoringError:
        raise
    except Exception as error:
        own = _own(error)
        if own is not None:
            raise AuthoringError(str(own)) from error
        said = " ".join(_OTHERS.sub("", str(error)).split())
        said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
        raise AuthoringError(
            f"{what} cannot {cannot} ({type(error).__name__}: {said}). {advice}"
        ) from error


def _own(error: BaseException) -> AuthoringError | None:
    found: BaseException | None = error
    while found is not None and not isinstance(found, AuthoringError):
        found = found.__cause__ or found.__context__
    return found
