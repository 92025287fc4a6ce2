"""Loops over lists of tensors, as recurrent layers have them, written out as plain ops."""
