"""Runs saved models in the executor of the qonnx package.

    qonnx_executor.py FOLDER

For every FOLDER/NAME.onnx: checks it with onnx.checker, fixes its free batch to the number of samples in
NAME.inputs (float32), and writes what the executor puts out to NAME.outputs, as float64.
"""

import pathlib
import sys

import numpy as np
import onnx
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx


def fix_batch(graph, count):
    for info in [*graph.input, *graph.value_info, *graph.output]:
        for dim in info.type.tensor_type.shape.dim:
            if dim.HasField("dim_param"):
                dim.dim_value = count


def main(folder):
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        proto = onnx.load(str(path))
        onnx.checker.check_model(proto)
        dims = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim[1:]]
        x = np.fromfile(path.with_suffix(".inputs"), np.float32).reshape([-1] + dims)
        fix_batch(proto.graph, x.shape[0])
        model = ModelWrapper(proto)
        outputs = execute_onnx(model, {model.graph.input[0].name: x})
        outputs[model.graph.output[0].name].astype(np.float64).tofile(path.with_suffix(".outputs"))


if __name__ == "__main__":
    main(*sys.argv[1:])
