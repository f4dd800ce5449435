"""The loop that people write with PyTorch to flip weight bits, written with care.

One trial: draw how many of the stored bits flip (binomial) and which (without repeats), flip them in the integer codes of a
copy of the weights, dequantize to float32, run the fake-quantized network on all inputs, count. What a careful person does
to make it fast is done: no gradients, one tensor for all weights, scales folded into the weights so that an activation is a
clamp and a rounding, pooling before the rounding (the same, and four times fewer), channels last, no memory handed back to
the system between batches, and the fastest batch of several, measured.
"""

import ctypes
import time

import numpy as np
import torch
from torch.nn import functional

from networks import code_range, frac_bits

BATCHES = (10000, 2000, 1000, 500, 200, 100)


def keep_memory():
    """Tells glibc to keep freed memory: fresh pages for every batch cost the convolutions a tenth of their time."""
    trim_threshold, mmap_threshold = -1, -3
    c_library = ctypes.CDLL(None)
    for parameter in (mmap_threshold, trim_threshold):
        c_library.mallopt(parameter, 1 << 30)


class StoredBits:
    """All parameters of a network as one tensor of codes, and what every stored bit does to it.

    Bits are numbered as NetSurf does: parameters in order, elements in C order, least significant bit first.
    """

    def __init__(self, parameters):
        codes, words, changes, first = [], [], [], 0
        for parameter in parameters:
            bits = parameter["format"][0]
            own = np.array(parameter["codes"], np.int64)
            is_set = (own[:, None] >> np.arange(bits)) & 1
            worth = 1 << np.arange(bits)
            if parameter["format"][2]:
                worth[-1] = -worth[-1]
            codes.append(own)
            words.append(np.repeat(np.arange(first, first + own.size), bits))
            changes.append(((1 - 2 * is_set) * worth).ravel())
            first += own.size
        self.codes = torch.from_numpy(np.concatenate(codes).astype(np.int32))
        self.words = torch.from_numpy(np.concatenate(words))
        self.changes = torch.from_numpy(np.concatenate(changes).astype(np.int32))

    def __len__(self):
        return len(self.words)

    def flipped(self, flips):
        """A copy of the codes with these bits flipped; `flips` has no repeats, so adding is flipping."""
        return self.codes.index_add(0, self.words[flips], self.changes[flips])


class TorchLoop:
    """A network of networks.py and its inputs, ready for trials."""

    def __init__(self, network, codes, seed=1):
        torch.set_grad_enabled(False)
        self.random = np.random.default_rng(seed)
        self.layers, parameters, steps = self._plan(network)
        self.bits = StoredBits(parameters)
        self.steps = torch.cat(steps)
        inputs = torch.from_numpy(codes.astype(np.float32)).reshape(len(codes), *network["input"]["shape"])
        if inputs.dim() == 4:
            inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        self.inputs = inputs
        self.labels = None
        self.batch = BATCHES[0]

    @staticmethod
    def _plan(network):
        """Layers in the order they run, parameters, and what one code of each of their elements is worth.

        Between layers a tensor holds codes; the last layer puts out real values.
        """
        layers, parameters, steps = [], [], []
        fraction = frac_bits(network["input"]["format"])
        rest = network["layers"]
        for index, layer in enumerate(rest):
            kind = layer["kind"]
            if kind in ("dense", "conv2d"):
                rounding = next((later for later in rest[index:] if later["kind"] == "relu"), None)
                fraction_out = frac_bits(rounding["format"]) if rounding else 0
                for part, fraction_in in ((layer["kernel"], fraction), (layer["bias"], 0)):
                    parameters.append(part)
                    steps.append(torch.full((len(part["codes"]),), 2.0 ** (fraction_out - fraction_in - frac_bits(part["format"]))))
                layers.append((kind, layer["kernel"]["shape"]))
                fraction = fraction_out
            elif kind == "relu":
                layers.append((kind, code_range(layer["format"])[1]))
            elif kind == "max_pool":
                layers.insert(len(layers) - (layers[-1][0] == "relu"), (kind, layer["size"]))
            else:
                layers.append((kind, None))
        return layers, parameters, steps

    def draw(self, ber):
        """The flips of one trial at a bit error rate."""
        count = self.random.binomial(len(self.bits), ber)
        return torch.from_numpy(self.random.choice(len(self.bits), count, replace=False, shuffle=False))

    def weights(self, flips):
        """Kernel and bias of every dense and convolution layer with these bits flipped, float32."""
        values, first, weights = self.bits.flipped(flips) * self.steps, 0, []
        for kind, shape in self.layers:
            if kind in ("dense", "conv2d"):
                size = int(np.prod(shape))
                kernel = values[first:first + size].view(shape)
                bias = values[first + size:first + size + shape[0]]
                weights.append((kernel.permute(0, 3, 1, 2) if kind == "conv2d" else kernel, bias))
                first += size + shape[0]
        return weights

    def logits(self, x, weights):
        """Real outputs [batch, classes] of inputs x."""
        parts = iter(weights)
        for kind, argument in self.layers:
            if kind == "dense":
                x = functional.linear(x, *next(parts))
            elif kind == "conv2d":
                x = functional.conv2d(x, *next(parts))
            elif kind == "max_pool":
                x = functional.max_pool2d(x, argument)
            elif kind == "relu":
                x = x.clamp_(0, argument).round_()
            else:
                x = x.permute(0, 2, 3, 1).flatten(1)
        return x

    def outcome(self, flips, with_loss):
        """Right answers, and the summed cross-entropy or None, of one faulty network on all inputs."""
        weights, correct, loss = self.weights(flips), 0, 0.0
        for begin in range(0, len(self.inputs), self.batch):
            batch = slice(begin, begin + self.batch)
            logits = self.logits(self.inputs[batch], weights)
            correct += int((logits.argmax(1) == self.labels[batch]).sum())
            if with_loss:
                loss += float(functional.cross_entropy(logits, self.labels[batch], reduction="sum"))
        return correct, loss if with_loss else None

    def predict(self):
        """The answers without faults [samples]; they become the labels, so that accuracy is agreement with clean."""
        weights = self.weights(torch.zeros(0, dtype=torch.int64))
        self.labels = torch.cat([self.logits(x, weights).argmax(1) for x in self.inputs.split(1000)])
        return self.labels.numpy()

    def tune(self, rate, ber=1e-3, seconds=0.2):
        """Takes the batch with the highest rate(answer of run)."""
        rates = {}
        for self.batch in BATCHES:
            rates[self.batch] = rate(self.run(ber, seconds, False))
        self.batch = max(rates, key=rates.get)

    def run(self, ber, seconds, with_loss):
        """Trials for that long, one at least; the same answer as netsurf_trials gives."""
        trials = flips = correct = 0
        start, cpu_start = time.perf_counter(), time.process_time()
        while trials == 0 or time.perf_counter() - start < seconds:
            drawn = self.draw(ber)
            flips += len(drawn)
            correct += self.outcome(drawn, with_loss)[0]
            trials += 1
        return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start, "trials": trials,
                "flips": flips, "correct": correct}
