"""What TensorFlow ops do, in plain words, for people who have never heard their names."""

from __future__ import annotations

_WORDS = {
    "AvgPoolGrad": "gradient of average pooling",
    "BiasAddGrad": "gradient of a bias",
    "BroadcastGradientArgs": "shapes of a gradient",
    "ConcatOffset": "places within what is joined",
    "Conv2DBackpropFilter": "gradient of a convolution's filters",
    "Conv2DBackpropInput": "gradient of a convolution's input",
    "DepthwiseConv2dNativeBackpropFilter": "gradient of a depthwise convolution's filters",
    "DepthwiseConv2dNativeBackpropInput": "gradient of a depthwise convolution's input",
    "EluGrad": "gradient of ELU",
    "EnsureShape": "a check of a shape",
    "FusedBatchNormV3": "batch normalisation",
    "FusedBatchNormGradV3": "gradient of batch normalisation",
    "LeakyReluGrad": "gradient of leaky ReLU",
    "MaxPoolGrad": "gradient of max pooling",
    "RandomUniform": "random numbers, as dropout needs them",
    "Relu6Grad": "gradient of ReLU6",
    "ReluGrad": "gradient of ReLU",
    "Restore": "reading a checkpoint",
    "RestoreV2": "reading a checkpoint",
    "Save": "writing a checkpoint",
    "SaveV2": "writing a checkpoint",
    "SeluGrad": "gradient of SELU",
    "SoftmaxCrossEntropyWithLogits": "cross-entropy of one-hot labels",
    "SparseSoftmaxCrossEntropyWithLogits": "cross-entropy of label numbers",
    "Shape": "sizes of a tensor",
    "ShapeN": "sizes of tensors",
    "StatelessRandomUniformV2": "random numbers, as dropout needs them",
}
_PARTS = (
    ("ResourceApply", "a step of the optimiser"),
    ("ResourceScatter", "changing rows of a variable"),
    ("Resource", "reading or changing a variable"),
    ("Random", "random numbers"),
    ("StridedSlice", "a part of a tensor"),
    ("MatrixDiag", "a diagonal"),
    ("TensorList", "a list of tensors, as loops use them"),
    ("Grad", "a gradient"),
    ("Backprop", "a gradient"),
)


def in_words(op: str) -> str:
    """ "ReluGrad" -> "gradient of ReLU"; "" for an op without better words than its name."""
    if op in _WORDS:
        return _WORDS[op]
    return next((words for part, words in _PARTS if part in op), "")
