"""Labelled samples: read, decode, preprocess to a model's input, split, vary."""

from odt_core.samples.augment import Augmentation
from odt_core.samples.decoding import decode_files
from odt_core.samples.ids import check_ids
from odt_core.samples.image import decode_image
from odt_core.samples.labels import Labels, clean_label
from odt_core.samples.preprocess import Preprocessing, prepare
from odt_core.samples.readable import decode_pictures
from odt_core.samples.reading import read_samples
from odt_core.samples.splitting import split
from odt_core.samples.types import Form, RawSamples, Samples, Subset, check_samples
from odt_core.samples.unlabelled import check_labelled
from odt_core.samples.values import targets_of

__all__ = [
    "Augmentation",
    "Form",
    "Labels",
    "Preprocessing",
    "RawSamples",
    "Samples",
    "Subset",
    "check_ids",
    "check_labelled",
    "check_samples",
    "clean_label",
    "decode_files",
    "decode_image",
    "decode_pictures",
    "prepare",
    "read_samples",
    "split",
    "targets_of",
]
