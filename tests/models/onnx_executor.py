"""Runs a saved model as ONNX and QONNX define their operators, sharing nothing with NetSurf.

    onnx_executor.py MODEL.onnx INPUTS.f64 OUTPUTS.f64

Checks the file with onnx.checker and every shape that the graph states, then runs it on the float64 inputs
[N, ...] and writes the outputs. Numbers are long doubles, whose 64-bit mantissa holds every sum that NetSurf
allows, so that the outcome is exact.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

REAL = np.longdouble
QUANT_DOMAIN = "qonnx.custom_op.general"


def quant(x, scale, zero_point, bits, signed, narrow, rounding_mode):
    assert rounding_mode == "ROUND"
    bits = int(bits)
    low = -(2 ** (bits - 1)) + narrow if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    return (np.rint(np.clip(x / scale + zero_point, low, high)) - zero_point) * scale


def windows(x, kernel_shape, strides, pads, dilations, filler):
    """[N, C, out_h, out_w, kh, kw]"""
    (kh, kw), (sy, sx), (dy, dx) = kernel_shape, strides, dilations
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=filler)
    height = (x.shape[2] - dy * (kh - 1) - 1) // sy + 1
    width = (x.shape[3] - dx * (kw - 1) - 1) // sx + 1
    out = np.empty(x.shape[:2] + (height, width, kh, kw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            out[..., i, j] = x[:, :, i * dy : i * dy + sy * height : sy, j * dx : j * dx + sx * width : sx][
                :, :, :height, :width
            ]
    return out


def conv(x, kernel, bias=None, *, group, **window):
    seen = windows(x, filler=0, **window)
    out_per_group, in_per_group = kernel.shape[0] // group, kernel.shape[1]
    channels = []
    for o in range(kernel.shape[0]):
        first = o // out_per_group * in_per_group
        channels.append((seen[:, first : first + in_per_group] * kernel[o][None, :, None, None]).sum(axis=(1, 4, 5)))
    out = np.stack(channels, axis=1)
    return out if bias is None else out + bias[None, :, None, None]


def average_pool(x, *, count_include_pad, dilations=(1, 1), **window):
    assert count_include_pad == 0
    window["dilations"] = dilations
    counts = windows(np.ones_like(x), filler=0, **window).sum(axis=(4, 5))
    return windows(x, filler=0, **window).sum(axis=(4, 5)) / counts


def reshape(x, sizes):
    return x.reshape([x.shape[i] if size == 0 else int(size) for i, size in enumerate(sizes)])


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


OPERATORS = {
    "Add": lambda a, b: a + b,
    "AveragePool": average_pool,
    "Cast": lambda x, to: x,
    "Clip": lambda x, low, high: np.clip(x, low, high),
    "Concat": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "Conv": conv,
    "Flatten": lambda x, axis: x.reshape(x.shape[0], -1),
    "GlobalAveragePool": lambda x: x.sum(axis=(2, 3), keepdims=True) / (x.shape[2] * x.shape[3]),
    "MatMul": lambda a, b: (a[:, :, None] * b[None]).sum(axis=1),
    "MaxPool": lambda x, **window: windows(x, filler=-np.inf, **window).max(axis=(4, 5)),
    "Mul": lambda a, b: a * b,
    "Quant": quant,
    "Relu": lambda x: np.maximum(x, 0),
    "Reshape": reshape,
    "Softmax": softmax,
    "Sum": lambda *xs: sum(xs),
    "Transpose": lambda x, perm: x.transpose(perm),
}


def attribute(a):
    value = onnx.helper.get_attribute_value(a)
    return value.decode() if isinstance(value, bytes) else value


def run(model, x):
    graph = model.graph
    tensors = {t.name: numpy_helper.to_array(t).astype(REAL) for t in graph.initializer}
    tensors[graph.input[0].name] = x
    for node in graph.node:
        assert node.domain == (QUANT_DOMAIN if node.op_type == "Quant" else ""), node.name
        inputs = [tensors[name] for name in node.input]
        tensors[node.output[0]] = OPERATORS[node.op_type](*inputs, **{a.name: attribute(a) for a in node.attribute})
    stated = {v.name: v for v in [*graph.input, *graph.value_info, *graph.output]}
    for node in graph.node:
        dims = stated[node.output[0]].type.tensor_type.shape.dim
        sizes = tuple(d.dim_value if d.HasField("dim_value") else x.shape[0] for d in dims)
        assert sizes == tensors[node.output[0]].shape, (node.name, sizes, tensors[node.output[0]].shape)
    return tensors[graph.output[0].name]


def main(model_path, inputs_path, outputs_path):
    model = onnx.load(model_path)
    onnx.checker.check_model(model)
    dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    x = np.fromfile(inputs_path, np.float64).reshape([-1] + dims).astype(REAL)
    run(model, x).astype(np.float64).tofile(outputs_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
