"""Names of a package that are imported when first used: the package itself costs nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def lazily(package: str, places: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """A module's `__getattr__`: each name comes from the module below `package` that holds it.

    No name may be that of a module below the package: Python puts an imported module in its place.
    """
    home = {name: place for place, names in places.items() for name in names}

    def find(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return find
