"""TensorFlow's checkpoint files, read and written without TensorFlow.

Version 1 is one file (raw_ops.Save, raw_ops.Restore), version 2 an index and a data file beside it
(raw_ops.SaveV2, raw_ops.RestoreV2).
"""

from odt_core.checkpoint.tensorflow.files import read_tf_checkpoint, write_tf_checkpoint
from odt_core.checkpoint.tensorflow.v1 import decode_v1, encode_v1
from odt_core.checkpoint.tensorflow.v2 import decode_v2, encode_v2

__all__ = [
    "decode_v1",
    "decode_v2",
    "encode_v1",
    "encode_v2",
    "read_tf_checkpoint",
    "write_tf_checkpoint",
]
