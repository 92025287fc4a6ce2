"""Which runtime is the first that has each op, in each of its versions.

From TensorFlow's own table (`FindMinimumRuntimeVersionForOp`, github.com/google-ai-edge/LiteRT
tflite/converter/tools/versioning/runtime_version.cc); TRANSPOSE of int4 alone stands later, where
the packages have it. What 2.6 has already is left out.
"""

from __future__ import annotations

Runtime = tuple[int, int]  # of TensorFlow Lite

# The first that runs signatures with variables.
OLDEST: Runtime = (2, 6)
# runtime -> the ops that it was the first to have, and from which of their versions on
SINCE: dict[Runtime, dict[str, int]] = {
    (2, 7): {
        "CAST": 2, "DEQUANTIZE": 5, "QUANTIZE": 3,
    },
    (2, 8): {
        "BUCKETIZE": 1, "CAST": 3, "MULTINOMIAL": 1, "RANDOM_STANDARD_NORMAL": 1,
        "RANDOM_UNIFORM": 1, "TILE": 3, "WHERE": 2,
    },
    (2, 9): {
        "ARG_MAX": 3, "ARG_MIN": 3, "CAST": 4, "CONV_2D": 6, "DYNAMIC_UPDATE_SLICE": 1,
        "GELU": 1,
    },
    (2, 10): {
        "ATAN2": 1, "RELU_0_TO_1": 1, "UNSORTED_SEGMENT_MAX": 1, "UNSORTED_SEGMENT_PROD": 1,
        "UNSORTED_SEGMENT_SUM": 1,
    },
    (2, 11): {
        "CONV_2D": 7, "DEPTHWISE_CONV_2D": 7, "FULLY_CONNECTED": 10, "MUL": 6, "SIGN": 1,
        "UNSORTED_SEGMENT_MIN": 1,
    },
    (2, 12): {
        "ABS": 5, "BATCH_TO_SPACE_ND": 4, "CAST": 5, "EXP": 2, "FILL": 4, "MIRROR_PAD": 3,
        "SELECT": 3, "SELECT_V2": 2, "SIGN": 2, "SPACE_TO_BATCH_ND": 4, "TRANSPOSE": 6,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": 4,
    },
    (2, 13): {
        "ADD": 5, "BITCAST": 1, "BITWISE_XOR": 1, "EQUAL": 4, "FLOOR_DIV": 3, "FLOOR_MOD": 2,
        "GATHER": 6, "GATHER_ND": 4, "GREATER_EQUAL": 3, "LESS": 3, "MUL": 7, "PACK": 4,
        "RIGHT_SHIFT": 1, "TOPK_V2": 3, "TRANSPOSE_CONV": 4,
    },
    (2, 14): {
        "CONCATENATION": 4, "RANGE": 2, "SLICE": 6, "STRIDED_SLICE": 7,
    },
    (2, 15): {
        "CAST": 6, "CONV_2D": 8, "DILATE": 1, "FULLY_CONNECTED": 11, "GATHER": 7, "LOG": 2,
        "REDUCE_WINDOW": 1, "RSQRT": 3, "STABLEHLO_RNG_BIT_GENERATOR": 1,
        "STABLEHLO_SCATTER": 1, "TRANSPOSE_CONV": 5,
    },
    (2, 16): {
        "GATHER_ND": 5, "STABLEHLO_ADD": 1, "STABLEHLO_GATHER": 1, "STABLEHLO_MAXIMUM": 1,
        "STABLEHLO_MINIMUM": 1, "STABLEHLO_MULTIPLY": 1, "STABLEHLO_PAD": 1,
        "STABLEHLO_REDUCE_WINDOW": 1,
    },
    (2, 17): {
        "CAST": 7, "DYNAMIC_UPDATE_SLICE": 2, "FULLY_CONNECTED": 12, "STABLEHLO_AND": 1,
        "STABLEHLO_CASE": 1, "STABLEHLO_CBRT": 1, "STABLEHLO_COMPOSITE": 1,
        "STABLEHLO_SHIFT_LEFT": 1,
    },
    (2, 18): {
        "DEQUANTIZE": 6, "EMBEDDING_LOOKUP": 4, "FULLY_CONNECTED": 13,
    },
    (2, 19): {
        "DYNAMIC_UPDATE_SLICE": 3, "TRANSPOSE": 7,
    },
    (2, 20): {
        "DYNAMIC_UPDATE_SLICE": 4, "PAD": 5, "PADV2": 5,
    },
    (2, 21): {
        "CAST": 8, "CONCATENATION": 5, "DEQUANTIZE": 7, "DYNAMIC_UPDATE_SLICE": 5,
        "EMBEDDING_LOOKUP": 5, "EQUAL": 5, "FULLY_CONNECTED": 14, "NOT_EQUAL": 4,
        "QUANTIZE": 4, "SLICE": 7, "SQRT": 2,
    },
    (2, 22): {
        "DEQUANTIZE": 8, "DYNAMIC_UPDATE_SLICE": 6, "TRANSPOSE": 8, "UNPACK": 5,
    },
    (2, 23): {
        "ADD": 6, "BROADCAST_TO": 4, "CAST": 9, "CONCATENATION": 6, "COS": 2, "DEQUANTIZE": 9,
        "FILL": 5, "GATHER": 8, "GATHER_ND": 6, "GELU": 3, "MUL": 8, "PACK": 5, "PAD": 6,
        "PADV2": 6, "REVERSE_V2": 4, "SIN": 2, "SLICE": 8, "SOFTMAX": 4, "SPLIT": 5,
        "SPLIT_V": 3, "TRANSPOSE": 9, "UNPACK": 6,
    },
}  # fmt: skip

# The last runtime whose ops each ai-edge-litert package has, STABLEHLO_CBRT of 2.17 and what only
# bfloat16 needs of it aside: as opening files with each of them in the packages shows.
LITERT: dict[Runtime, str] = {(2, 16): "1.0", (2, 19): "1.2", (2, 20): "2.0", (2, 23): "2.3"}
