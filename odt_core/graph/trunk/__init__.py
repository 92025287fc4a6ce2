"""The frozen part of a model as a signature of its own, so that it runs once for each sample."""
