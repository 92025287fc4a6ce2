"""A model with other values: variables set anew, or turned into constants for inference alone."""
