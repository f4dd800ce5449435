"""Products with the Hessian of a quantized network as people take them with PyTorch: double backpropagation through
straight-through quantizers, one direction after the other.

Every rounding is x + (Q(x) - x).detach(), so that automatic differentiation sees a network without roundings that has the
values of the rounded one. Two ways, both in use:

    rebuilt  the graph of the loss and of its gradient is built for every product (torch.autograd.functional.hvp does so)
    kept     it is built once, and every product goes through it again: all samples must fit it
"""

import time

import numpy as np
import torch
from torch.nn import functional

from networks import code_range, frac_bits


def straight_through(x, fixed):
    """x on the grid of a format; its derivative is 1 where x is within the format's range, else 0."""
    step = 2.0 ** -frac_bits(fixed)
    low, high = (code * step for code in code_range(fixed))
    within = x.clamp(low, high)
    return within + (torch.round(within / step) * step - within).detach()


class TorchHvp:
    """A dense network of networks.py with its inputs, in one precision."""

    def __init__(self, network, codes, labels, precision):
        kind = getattr(torch, precision)
        step = 2.0 ** -frac_bits(network["input"]["format"])
        self.inputs = torch.from_numpy(codes.astype(np.float64) * step).to(kind)
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.layers, self.variables = [], []
        for layer in network["layers"]:
            if layer["kind"] == "dense":
                for part in (layer["kernel"], layer["bias"]):
                    values = np.array(part["codes"]).reshape(part["shape"]) * 2.0 ** -frac_bits(part["format"])
                    self.variables.append(torch.from_numpy(values).to(kind).requires_grad_())
                self.layers.append(("dense", layer["kernel"]["format"], layer["bias"]["format"]))
            else:
                self.layers.append(("relu", layer["format"]))
        self.sizes = [variable.numel() for variable in self.variables]
        self.graph = None

    def loss(self):
        x, parts = self.inputs, iter(self.variables)
        for kind, *formats in self.layers:
            if kind == "dense":
                kernel, bias = (straight_through(next(parts), fixed) for fixed in formats)
                x = functional.linear(x, kernel, bias)
            else:
                x = straight_through(functional.relu(x), formats[0])
        return functional.cross_entropy(x, self.labels)

    def gradient(self):
        return torch.autograd.grad(self.loss(), self.variables, create_graph=True)

    def product(self, direction, keeps):
        """H v; v as one tensor per parameter."""
        if not keeps:
            gradient = self.gradient()
        else:
            self.graph = gradient = self.graph or self.gradient()
        return torch.autograd.grad(gradient, self.variables, grad_outputs=direction, retain_graph=keeps)

    def flat_product(self, direction, keeps):
        """The same from and to one vector of numbers."""
        parts = torch.from_numpy(np.asarray(direction)).to(self.inputs.dtype).split(self.sizes)
        parts = [part.reshape(variable.shape) for part, variable in zip(parts, self.variables)]
        return torch.cat([part.flatten() for part in self.product(parts, keeps)]).double().numpy()

    def run(self, lanes, keeps):
        """Times `lanes` products along random directions."""
        torch.manual_seed(1)
        directions = [[torch.randint(0, 2, variable.shape).to(variable.dtype) * 2 - 1 for variable in self.variables]
                      for _ in range(lanes)]
        self.graph = None  # building it counts
        cpu_start, start = time.process_time(), time.perf_counter()
        for direction in directions:
            self.product(direction, keeps)
        result = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}
        self.graph = None
        return result
