"""Cuts the ready-made sets of photographs, assets/photos, out of Debian's package of GCompris.

    apt-get download gcompris-qt-data=3.1-2
    dpkg-deb -x gcompris-qt-data_3.1-2_all.deb build/gcompris
    python -m benchmarks.photos.build_sets build/gcompris

The package says of each picture who took it, where it was first published and under which terms;
only pictures in the public domain are taken. SOURCES.md beside the sets repeats it. Chosen by eye:
one thing a photograph, no person that could be recognised, no second photograph of the same thing.
"""

from __future__ import annotations

import argparse
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.photos.qt_resources import files_of

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "photos"
RESOURCE = "usr/share/gcompris-qt/rcc/categorization.rcc"
FREE = ("CC0-1.0", "Public Domain")
SIDE, QUALITY = 256, 80  # of the longer side, in pixels; of the JPEG

# Long and narrow, on white: they get a white square around them, as the model sees a square only.
ON_WHITE = ("tools/plier1", "tools/plier2", "tools/plier3")

SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "tools": {
        "hammer": tuple(f"tools/hammer{k}" for k in range(1, 9)),  # the ninth is the eighth again
        "pliers": (
            *(f"tools/plier{k}" for k in range(1, 5)),
            "tools/cuttingTool",
            "tools/sideCutter1",
        ),
        "tape measure": tuple(f"tools/measuringTape{k}" for k in range(1, 7)),
    },
    "energy": {
        "dam": tuple(f"renewable/dam{k}" for k in range(1, 6)),
        "solar panel": tuple(f"renewable/solar{k}" for k in range(4, 9)),  # before: solar cookers
        "windmill": (
            "renewable/windmill",
            *(f"renewable/windmill{k}" for k in (1, 3, 4, 7, 8, 9, 12)),
        ),
    },
    "sights": {
        "building": tuple(
            f"monuments/{name}"
            for name in (
                "IndiaGate", "arcDeTriomphe", "colosseum", "kutubMinar", "leaningTowerOfPisa",
                "monument2", "monument3", "parthenon", "tajMahal", "usCapitol",
            )
        ),
        "fish": tuple(f"fishes/fish{k}" for k in (1, 3, 6, 9, 10, 11, 18, 22, 25, 28)),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """What the package says of one picture."""

    author: str
    source: str
    licence: str


def origins_of(readme: str, folder: str) -> dict[str, Origin]:
    """ "folder/name" without the ending -> its origin, from a README of the package."""
    found: dict[str, Origin] = {}
    for block in readme.split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines()]
        said = dict(line.split(": ", 1) for line in lines if ": " in line)
        if "Files:" not in lines or "Source" not in said:
            continue
        origin = Origin(said["Copyright"], said["Source"], said["License"])
        for name in lines[lines.index("Files:") + 1 :]:
            found[f"{folder}/{name.rsplit('.', 1)[0]}"] = origin
    return found


def small(picture: bytes, *, on_white: bool) -> bytes:
    """The picture as a JPEG whose longer side is at most SIDE."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if on_white:
        image = ImageOps.pad(image, (max(image.size),) * 2, color="white")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the unpacked gcompris-qt-data 3.1-2")
    package: Path = parser.parse_args().package
    pictures: dict[str, bytes] = {}
    origins: dict[str, Origin] = {}
    for path, content in files_of((package / RESOURCE).read_bytes()):
        folder, name = path.split("/")[-2:]
        if name == "README":
            origins |= origins_of(content.decode("utf-8"), folder)
        elif name.endswith(".webp"):
            pictures[f"{folder}/{name.removesuffix('.webp')}"] = content
    table = [
        "# Who took the photographs",
        "",
        "Written by `benchmarks/photos/build_sets.py` from what the package says of each.",
        "",
        "| file | by | terms | first published |",
        "|---|---|---|---|",
    ]
    for set_name, labels in SETS.items():
        shutil.rmtree(ASSETS / set_name, ignore_errors=True)
        for label, names in labels.items():
            (ASSETS / set_name / label).mkdir(parents=True)
            for name in names:
                origin = origins[name]
                if origin.licence not in FREE:
                    raise SystemExit(f"{name} is under {origin.licence}: leave it out.")
                file = f"{set_name}/{label}/{name.split('/')[1]}.jpg"
                picture = small(pictures[name], on_white=name in ON_WHITE)
                (ASSETS / file).write_bytes(picture)
                table.append(f"| {file} | {origin.author} | {origin.licence} | <{origin.source}> |")
    (ASSETS / "SOURCES.md").write_text("\n".join(table) + "\n", "utf-8")


if __name__ == "__main__":
    main()
