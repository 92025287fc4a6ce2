"""Trainable models written for the corpus, by the recipes that people use; see recipes.py."""

from zoo import augmented, branching, catalogue, convolution, dense, personalise, sequence
from zoo.registry import ZOO, Exhibit

__all__ = [
    "ZOO",
    "Exhibit",
    "augmented",
    "branching",
    "catalogue",
    "convolution",
    "dense",
    "personalise",
    "sequence",
]
