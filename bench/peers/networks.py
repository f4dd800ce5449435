"""The networks that both sides run: fixed shapes and formats, seeded weights and inputs, so that every machine measures the same.

NAME.json holds {"input": {"shape", "format"}, "layers": [...]}, each layer reading the one before it:

    {"kind": "dense" | "conv2d", "kernel": tensor, "bias": tensor}    tensor: {"shape", "format", "codes"}, codes in C order
    {"kind": "relu", "format"}    {"kind": "max_pool", "size"}    {"kind": "flatten"}

A format is [bits, integer bits, signed]; kernels are [out, in] and [out, height, width, in], images [height, width, channels].
NAME.inputs holds the input codes, one byte each.
"""

import json
import os

import numpy as np

WEIGHTS, BIASES, ACTIVATIONS = [6, 0, 1], [8, 1, 1], [6, 2, 0]
PIXELS, FEATURES = [8, 0, 0], [8, 3, 1]


def frac_bits(fixed):
    bits, integer_bits, is_signed = fixed
    return bits - integer_bits - is_signed


def code_range(fixed):
    """The lowest and the highest code of a format."""
    bits, _, is_signed = fixed
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)


def tensor(random, shape, fixed, spread):
    """Codes of normally distributed values, as a trained layer has them: most small, few at the ends of the format."""
    codes = np.rint(random.normal(0, spread, shape) * 2 ** frac_bits(fixed)).astype(int)
    return {"shape": list(shape), "format": fixed, "codes": np.clip(codes, *code_range(fixed)).ravel().tolist()}


def sums(random, kind, shape, spread):
    return {"kind": kind, "kernel": tensor(random, shape, WEIGHTS, spread), "bias": tensor(random, shape[:1], BIASES, 0.1)}


def relu():
    return {"kind": "relu", "format": ACTIVATIONS}


def dense_network(random, sizes, spreads):
    layers = []
    for index, (size_in, size_out) in enumerate(zip(sizes, sizes[1:])):
        layers += ([relu()] if layers else []) + [sums(random, "dense", (size_out, size_in), spreads[index])]
    return layers


def conv_network(random):
    return [sums(random, "conv2d", (16, 3, 3, 1), 0.5), relu(), {"kind": "max_pool", "size": 2},
            sums(random, "conv2d", (32, 3, 3, 16), 0.12), relu(), {"kind": "max_pool", "size": 2}, {"kind": "flatten"},
            sums(random, "dense", (64, 800), 0.06), relu(), sums(random, "dense", (10, 64), 0.15)]


def pixels(random, count):
    """Codes 0..255, four of five of them 0, as in an image of a digit."""
    codes = random.integers(1, 256, (count, 784), dtype=np.uint8)
    codes[random.random(codes.shape) < 0.8] = 0
    return codes


def features(random, count):
    """Normalized features: codes of a standard normal distribution."""
    return np.clip(np.rint(random.normal(0, 1, (count, 16)) * 2 ** frac_bits(FEATURES)), *code_range(FEATURES)).astype(np.int8)


# Title, input shape and format, layers, input codes. Spreads of the weights keep activations off the ends of their format.
NETWORKS = {
    "mlp": ("MLP 784-64-10", [784], PIXELS, lambda random: dense_network(random, (784, 64, 10), (0.2, 0.15)), pixels),
    "cnn": ("CNN 28x28, 3x3x16, 3x3x32, 64, 10", [28, 28, 1], PIXELS, conv_network, pixels),
    "jets": ("jets 16-64-32-32-5", [16], FEATURES,
             lambda random: dense_network(random, (16, 64, 32, 32, 5), (0.3, 0.15, 0.2, 0.2)), features),
}


def make(name, folder, count, seed=1):
    """Writes NAME.json and NAME.inputs with `count` samples; returns (network, codes [count, features] as integers)."""
    _, shape, fixed, layers_of, inputs_of = NETWORKS[name]
    random = np.random.default_rng(seed)
    network = {"input": {"shape": shape, "format": fixed}, "layers": layers_of(random)}
    codes = inputs_of(random, count)
    with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(network, file)
    codes.tofile(os.path.join(folder, f"{name}.inputs"))
    return network, codes
