"""Runs saved models as ONNX and QONNX define their operators, sharing nothing with NetSurf.

    onnx_executor.py FOLDER

For every FOLDER/NAME.onnx: checks it with onnx.checker and every shape that the graph states, then runs it on
the float32 inputs [N, ...] of NAME.inputs and writes float64 outputs to NAME.outputs. Numbers are long doubles,
whose 64-bit mantissa holds every sum that NetSurf allows, so that the outcome is exact; only the division of the
input by the size of its step is float32's, which is part of what the network computes.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

REAL = np.longdouble
QUANT_DOMAIN = "qonnx.custom_op.general"


ROUNDINGS = {
    "ROUND": np.rint,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "DOWN": lambda x: np.sign(x) * np.floor(np.abs(x)),
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + REAL(0.5)),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - REAL(0.5)),
}


def quant(x, scale, zero_point, bits, signed, narrow, rounding_mode):
    bits = int(bits)
    assert bits > 1 or not signed, "one signed bit means -1 and +1"
    low = -(2 ** (bits - 1)) + narrow if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    return (ROUNDINGS[rounding_mode](np.clip(x / scale + zero_point, low, high)) - zero_point) * scale


def bipolar_quant(x, scale):
    return np.where(x >= 0, scale, -scale)


def multi_threshold(x, thresholds, out_scale, out_bias, out_dtype, data_layout):
    assert len(data_layout) == x.ndim
    last = np.moveaxis(x, data_layout.index("C"), -1)
    counts = (last[..., None] >= thresholds).sum(axis=-1)
    return np.moveaxis(counts * REAL(out_scale) + REAL(out_bias), -1, data_layout.index("C"))


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


def conv_transpose(x, kernel, bias=None, *, group, kernel_shape, strides, pads, dilations, output_padding):
    assert group == 1 and list(kernel.shape[2:]) == kernel_shape
    (kh, kw), (sy, sx), (dy, dx) = kernel_shape, strides, dilations
    height, width = x.shape[2:]
    full_height = (height - 1) * sy + dy * (kh - 1) + 1 + output_padding[0]
    full_width = (width - 1) * sx + dx * (kw - 1) + 1 + output_padding[1]
    out = np.zeros((x.shape[0], kernel.shape[1], full_height, full_width), x.dtype)
    for i in range(kh):
        for j in range(kw):
            spread = (x[:, :, None] * kernel[None, :, :, i, j, None, None]).sum(axis=1)
            out[:, :, i * dy : i * dy + sy * height : sy, j * dx : j * dx + sx * width : sx] += spread
    out = out[:, :, pads[0] : full_height - pads[2], pads[1] : full_width - pads[3]]
    return out if bias is None else out + bias[None, :, None, None]


def average_pool(x, *, count_include_pad, dilations=(1, 1), **window):
    assert count_include_pad == 0
    window["dilations"] = dilations
    counts = windows(np.ones_like(x), filler=0, **window).sum(axis=(4, 5))
    return windows(x, filler=0, **window).sum(axis=(4, 5)) / counts


def resize(x, roi, scales, *, mode, coordinate_transformation_mode, nearest_mode):
    assert (mode, coordinate_transformation_mode, nearest_mode) == ("nearest", "asymmetric", "floor")
    for axis, scale in enumerate(scales):
        x = x.repeat(int(scale), axis=axis)
    return x


def reshape(x, sizes):
    return x.reshape([x.shape[i] if size == 0 else int(size) for i, size in enumerate(sizes)])


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


OPERATORS = {
    "Add": lambda a, b: a + b,
    "AveragePool": average_pool,
    "BipolarQuant": bipolar_quant,
    "Cast": lambda x, to: x,
    "Clip": lambda x, low, high: np.clip(x, low, high),
    "Concat": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Div": lambda a, b: (a.astype(np.float32) / b.astype(np.float32)).astype(REAL),
    "Flatten": lambda x, axis: x.reshape(x.shape[0], -1),
    "GlobalAveragePool": lambda x: x.sum(axis=(2, 3), keepdims=True) / (x.shape[2] * x.shape[3]),
    "LeakyRelu": lambda x, alpha: np.where(x >= 0, x, x * REAL(alpha)),
    "MatMul": lambda a, b: (a[:, :, None] * b[None]).sum(axis=1),
    "MaxPool": lambda x, **window: windows(x, filler=-np.inf, **window).max(axis=(4, 5)),
    "Mul": lambda a, b: a * b,
    "MultiThreshold": multi_threshold,
    "Quant": quant,
    "Relu": lambda x: np.maximum(x, 0),
    "Reshape": reshape,
    "Resize": resize,
    "Softmax": softmax,
    "Sum": lambda *xs: sum(xs),
    "Transpose": lambda x, perm: x.transpose(perm),
}
QUANT_OPERATORS = {"BipolarQuant", "MultiThreshold", "Quant"}


def attribute(a):
    value = onnx.helper.get_attribute_value(a)
    return value.decode() if isinstance(value, bytes) else value


def run(model, x):
    graph = model.graph
    tensors = {t.name: numpy_helper.to_array(t).astype(REAL) for t in graph.initializer}
    tensors[graph.input[0].name] = x
    for node in graph.node:
        assert node.domain == (QUANT_DOMAIN if node.op_type in QUANT_OPERATORS else ""), node.name
        inputs = [tensors[name] for name in node.input]
        tensors[node.output[0]] = OPERATORS[node.op_type](*inputs, **{a.name: attribute(a) for a in node.attribute})
    stated = {v.name: v for v in [*graph.input, *graph.value_info, *graph.output]}
    for node in graph.node:
        dims = stated[node.output[0]].type.tensor_type.shape.dim
        sizes = tuple(d.dim_value if d.HasField("dim_value") else x.shape[0] for d in dims)
        assert sizes == tensors[node.output[0]].shape, (node.name, sizes, tensors[node.output[0]].shape)
    return tensors[graph.output[0].name]


def main(folder):
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        model = onnx.load(str(path))
        # A dilated average pool asks for operators that an older checker does not know.
        if model.opset_import[0].version <= onnx.defs.onnx_opset_version():
            onnx.checker.check_model(model)
        dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]]
        x = np.fromfile(path.with_suffix(".inputs"), np.float32).reshape([-1] + dims).astype(REAL)
        run(model, x).astype(np.float64).tofile(path.with_suffix(".outputs"))


if __name__ == "__main__":
    main(*sys.argv[1:])
