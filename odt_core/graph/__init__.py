"""Editing a .tflite as data: lower Flex ops, add state signatures, inspect."""
