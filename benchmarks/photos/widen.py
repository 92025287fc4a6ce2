"""Make the depthwise kernels of assets/models/photos.tflite float32, in place.

    python -m benchmarks.photos.widen

The file was built when odt made them float16 like the other weights, which LiteRT 1.1.2 to 1.3.0
refuses; `build_photos` makes them float32 now. They are the same numbers: every answer stays.
"""

from __future__ import annotations

from benchmarks.photos.build_photos import MODELS
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read


def main() -> None:
    path = MODELS / "photos.tflite"
    path.write_bytes(finished(read(path.read_bytes())))
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
