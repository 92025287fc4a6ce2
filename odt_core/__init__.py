"""odt_core: personalise an on-device .tflite model through its own signatures, and prove it helped."""
