"""Whether a .tflite is sound enough to be handed to LiteRT, which believes every file."""
