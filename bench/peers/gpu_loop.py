#!/usr/bin/env python3
"""The loop that people write with PyTorch, on the same GPU: one line of JSON after each network, the last one whole.

    bench/peers/gpu_loop.py [--device cuda] [--samples 10000] [--seconds 0.1] [--quick]

One trial: draw which stored bits flip from torch.rand on the device, flip them in the integer codes, dequantize, run the
fake-quantized network on all inputs, count the right answers; nothing is fetched before the clock stops. Two ways:

    single    one faulty network after the other
    batched   many at once: their first layers in one product, later ones in batched products and grouped convolutions

Both in the fastest of float32 (TF32 products, exact here), float16 and bfloat16, and in the fastest number of lanes. A yardstick
beside them: cuBLASLt's int8 product (torch._int_mm) alone, at the shape of the layer with the most products. Without torch or a GPU
the line is {"torch": "absent"} or names the version and {"gpu": "absent"}.
"""

import argparse
import json
import statistics
import time

RATES = ("0.0001", "0.001", "0.01", "0.1")
LANES = {"mlp": (16, 64, 256), "jets": (16, 64, 256), "cnn": (2, 8, 16)}
INT8_LANES = (1, 16, 256)
REPEATS = 3


class Parameters:
    """Codes of all parameters on the device, and what each of their stored bits does when it flips, by bits per code."""

    def __init__(self, parameters, steps, device):
        self.groups, self.places = {}, []
        for parameter, step in zip(parameters, steps):
            bits = parameter["format"][0]
            codes = torch.tensor(parameter["codes"], dtype=torch.int32)
            worth = torch.tensor([1 << bit for bit in range(bits)], dtype=torch.int32)
            if parameter["format"][2]:
                worth[-1] = -worth[-1]
            is_set = (codes[:, None] >> torch.arange(bits, dtype=torch.int32)) & 1
            group = self.groups.setdefault(bits, [])
            self.places.append((bits, sum(len(each[0]) for each in group), len(codes)))
            group.append((codes, (1 - 2 * is_set) * worth, step))
        self.groups = {bits: [torch.cat(parts).to(device) for parts in zip(*group)] for bits, group in self.groups.items()}

    def draw(self, ber, lanes, dtype):
        """Faulty values [lanes, elements] of every parameter."""
        values = {}
        for bits, (codes, changes, steps) in self.groups.items():
            flips = torch.rand((lanes, len(codes), bits), device=codes.device) < ber
            values[bits] = ((codes + (flips * changes).sum(-1, dtype=torch.int32)) * steps).to(dtype)
        return [values[bits][:, first:first + size] for bits, first, size in self.places]


class GpuLoop:
    """A network of networks.py and its inputs on the device."""

    def __init__(self, network, codes, device):
        layers, parameters, steps = TorchLoop._plan(network)
        self.layers, self.parameters = layers, Parameters(parameters, steps, device)
        inputs = torch.from_numpy(codes.astype(np.float32)).reshape(len(codes), *network["input"]["shape"])
        self.inputs = (inputs.permute(0, 3, 1, 2).contiguous() if inputs.dim() == 4 else inputs).to(device)
        self.labels = self.predict(0.0, 1, torch.float32)[0]

    def predict(self, ber, lanes, dtype):
        """Predictions [lanes, samples] of so many faulty networks."""
        values, shared = iter(self.parameters.draw(ber, lanes, dtype)), True
        x = self.inputs.to(dtype)  # [samples, ...] while all lanes share it, then [lanes, samples, features] or [samples, lanes * channels, h, w]
        for kind, argument in self.layers:
            if kind == "dense":
                kernel, bias = next(values).reshape(lanes, argument[0], argument[1]), next(values)
                if shared:
                    x = torch.addmm(bias.reshape(-1), x, kernel.reshape(-1, argument[1]).t())
                    x = x.view(len(x), lanes, argument[0]).transpose(0, 1)
                else:
                    x = torch.baddbmm(bias[:, None, :], x, kernel.transpose(1, 2))
                shared = False
            elif kind == "conv2d":
                kernel, bias = next(values).reshape(lanes * argument[0], *argument[1:]).permute(0, 3, 1, 2), next(values)
                x = functional.conv2d(x, kernel, bias.reshape(-1), groups=1 if shared else lanes)
                shared = False
            elif kind == "max_pool":
                x = functional.max_pool2d(x, argument)
            elif kind == "relu":
                x = x.clamp(0, argument).round_()
            else:
                x = x.view(x.shape[0], lanes, -1, *x.shape[2:]).permute(1, 0, 3, 4, 2).flatten(2)
        return x.argmax(-1)

    def run(self, ber, lanes, dtype):
        """Right answers [lanes], still on the device."""
        return (self.predict(ber, lanes, dtype) == self.labels).sum(1)

    def rate(self, ber, lanes, dtype, seconds):
        """Trials per second over about `seconds`."""
        wait(self.run(ber, lanes, dtype))
        trials, start = 0, time.perf_counter()
        while trials == 0 or time.perf_counter() - start < seconds:
            for _ in range(4):
                answers = self.run(ber, lanes, dtype)
            wait(answers)
            trials += 4 * lanes
        return trials / (time.perf_counter() - start)

    def tuned(self, choices, seconds):
        """The fastest (lanes, dtype); one that the device has no memory or kernel for is left out."""
        rates = {}
        for lanes, dtype in choices:
            try:
                rates[lanes, dtype] = self.rate(1e-3, lanes, dtype, seconds / 2)
            except RuntimeError:
                continue
        if not rates:
            raise RuntimeError("nothing that was tried runs on this device")
        return max(rates, key=rates.get)


def wait(tensor):
    """Until the device has it."""
    tensor[0].item()


def study(name, device, arguments):
    """Trials per second of both ways at every bit error rate."""
    title, shape, fixed, layers_of, inputs_of = NETWORKS[name]
    random = np.random.default_rng(1)
    network = {"input": {"shape": shape, "format": fixed}, "layers": layers_of(random)}
    loop = GpuLoop(network, inputs_of(random, arguments.samples), device)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    dtypes = [torch.float32] + ([torch.float16, torch.bfloat16] if device.type == "cuda" else [])
    result = {"title": title, "samples": arguments.samples, "cells": []}
    for way, lanes in (("single", (1,)), ("batched", LANES[name])):
        lanes, dtype = loop.tuned([(each, dtype) for each in lanes for dtype in dtypes], arguments.seconds)
        equal = float((loop.predict(0.0, lanes, dtype) == loop.labels).float().mean())
        result[way] = {"lanes": lanes, "dtype": str(dtype).split(".")[-1], "clean_predictions_equal": equal}
        for ber in RATES:
            rounds = [loop.rate(float(ber), lanes, dtype, arguments.seconds) for _ in range(REPEATS)]
            accuracy = float(loop.run(float(ber), lanes, dtype).float().mean()) / arguments.samples
            result["cells"].append({"way": way, "ber": ber, "trials_per_second": statistics.median(rounds), "accuracy": accuracy,
                                    "rounds": [float(f"{value:.4g}") for value in rounds]})
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return result


def int8_products(device, arguments):
    """cuBLASLt at the layer with the most products; the lanes' weights side by side where they share their input."""
    shapes = {"mlp": (arguments.samples, 784, 64, INT8_LANES), "jets": (arguments.samples, 64, 32, (1,)),
              "cnn": (arguments.samples * 121, 144, 32, (1,))}
    rows = []
    for name, (rows_in, inner, columns, lanes_choices) in shapes.items():
        x = torch.randint(-128, 128, (rows_in, inner), dtype=torch.int8, device=device)
        for lanes in lanes_choices:
            kernel = torch.randint(-32, 32, (columns * lanes, inner), dtype=torch.int8, device=device).t()
            torch._int_mm(x, kernel)
            rounds = []
            for _ in range(REPEATS):
                torch.cuda.synchronize()
                count, start = 0, time.perf_counter()
                while time.perf_counter() - start < arguments.seconds:
                    for _ in range(8):
                        torch._int_mm(x, kernel)
                    torch.cuda.synchronize()
                    count += 8 * lanes
                rounds.append(count / (time.perf_counter() - start))
            layers_per_second = statistics.median(rounds)
            rows.append({"network": name, "shape": [rows_in, inner, columns * lanes], "lanes": lanes, "layers_per_second": layers_per_second,
                         "gmacs": layers_per_second * rows_in * inner * columns * 1e-9})
    return rows


def main():
    parser = argparse.ArgumentParser(description="the PyTorch loop on a GPU")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=0.1, help="of one round")
    parser.add_argument("--quick", action="store_true", help="the perceptron alone")
    arguments = parser.parse_args()
    if torch is None:
        print(json.dumps({"torch": "absent"}))
        return
    result = {"torch": torch.__version__, "cuda": torch.version.cuda}
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({**result, "gpu": "absent"}))
        return
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    device = torch.device(arguments.device)
    result["networks"] = {}
    for name in ("mlp",) if arguments.quick else ("mlp", "jets", "cnn"):
        try:
            result["networks"][name] = study(name, device, arguments)
        except RuntimeError as error:
            result["networks"][name] = {"error": str(error).splitlines()[0]}
        print(json.dumps(result), flush=True)
    if device.type == "cuda":
        try:
            result["int8_products"] = int8_products(device, arguments)
        except (RuntimeError, AttributeError) as error:
            result["int8_products"] = {"error": str(error).splitlines()[0]}
        print(json.dumps(result), flush=True)


try:
    import numpy as np
    import torch
    from torch.nn import functional

    from networks import NETWORKS
    from torch_loop import TorchLoop
except ImportError:
    torch = None

if __name__ == "__main__":
    main()
