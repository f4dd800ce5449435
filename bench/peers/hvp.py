#!/usr/bin/python3
"""Products with the Hessian, NetSurf against PyTorch on one core of this machine, the two taking turns.

    bench/peers/hvp.py --driver build-peers/bench/netsurf_hvp --results RESULTS.json [--lanes 64] [--samples 1000] [--rounds 5]

The network is the MLP of networks.py (784-64-10, random), the loss cross-entropy. Before any clock starts, both sides must
agree on the loss and on a product. What a side is charged is its processor time, so that waiting for a core that others use
does not count.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

from compare import Driver, PeerError, blas, busy_share, processor
from networks import NETWORKS, make

PRECISIONS = ("float32", "float64")
AGREEMENT = {"float32": 2e-5, "float64": 1e-10}  # of a product, relative
WAYS = (("exact", "float32"), ("exact", "float64"), ("differences", "float64"))


def check(loops, driver):
    """How far the sides are apart, relative; raises PeerError where that is more than AGREEMENT allows."""
    apart = {"loss": abs(float(loops["float64"].loss()) / driver.greeting["loss"] - 1)}
    direction = np.random.default_rng(2).normal(size=driver.greeting["elements"])
    exact = loops["float64"].flat_product(direction, False)
    for precision in PRECISIONS:
        for keeps in (False, True):
            torch_product = loops[precision].flat_product(direction, keeps)
            apart[f"torch {precision}{' kept' * keeps}"] = float(np.linalg.norm(torch_product - exact) / np.linalg.norm(exact))
        product = np.array(driver.ask(way="exact", precision=precision, direction=direction.tolist())["product"])
        apart[f"exact {precision}"] = float(np.linalg.norm(product - exact) / np.linalg.norm(exact))
    product = np.array(driver.ask(way="differences", precision="float64", direction=direction.tolist())["product"])
    apart["differences float64"] = float(np.linalg.norm(product - exact) / np.linalg.norm(exact))
    for name, error in apart.items():
        allowed = 1e-5 if name.startswith("differences") else AGREEMENT["float32" if "float32" in name else "float64"]
        if not error <= allowed:
            raise PeerError(f"the two sides differ: {name} by {error:.2g} of its size")
    return apart


def measure(loops, driver, lanes, rounds):
    """Processor seconds for `lanes` products by every way, medians over rounds in which all take turns."""
    sides = {f"torch {precision} {'kept' if keeps else 'rebuilt'}": lambda precision=precision, keeps=keeps: loops[precision].run(lanes, keeps)
             for precision in PRECISIONS for keeps in (False, True)}
    sides.update({f"netsurf {precision} {way}": lambda precision=precision, way=way: driver.ask(way=way, precision=precision, lanes=lanes)
                  for way, precision in WAYS})
    answers = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            answers[side].append(run())
    return {side: {"cpu_seconds": statistics.median(row["cpu_seconds"] for row in rows),
                   "rounds": [round(row["cpu_seconds"], 5) for row in rows],
                   "share_of_core": sum(row["cpu_seconds"] for row in rows) / sum(row["seconds"] for row in rows)}
            for side, rows in answers.items()}


def ratios(times):
    """How many times faster NetSurf is than torch in the same precision, per way of either."""
    def seconds(side):
        return times[side]["cpu_seconds"]
    return {f"{way} {precision} against torch {precision} {graph}":
            seconds(f"torch {precision} {graph}") / seconds(f"netsurf {precision} {way}")
            for way, precision in WAYS for graph in ("rebuilt", "kept")}


def compare(arguments):
    try:
        import torch_hvp
    except ImportError:
        raise PeerError("torch is not installed for this Python; on Debian: apt install python3-torch") from None
    torch_hvp.torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="netsurf-hvp-") as folder:
        network, codes = make("mlp", folder, arguments.samples)
        labels = np.random.default_rng(3).integers(0, 10, arguments.samples).astype(np.uint8)
        labels.tofile(os.path.join(folder, "mlp.labels"))
        loops = {precision: torch_hvp.TorchHvp(network, codes, labels, precision) for precision in PRECISIONS}
        driver = Driver(arguments.driver, folder, "mlp", ["--threads", "1"])
        apart = check(loops, driver)
        busy = busy_share()
        times = measure(loops, driver, arguments.lanes, arguments.rounds)
        driver.close()
    return {"date": datetime.date.today().isoformat(), "processor": processor(), "system": platform.platform(),
            "torch": torch_hvp.torch.__version__, "blas": blas(), "compiler": driver.greeting["compiler"],
            "network": NETWORKS["mlp"][0], "samples": arguments.samples, "lanes": arguments.lanes, "rounds": arguments.rounds,
            "busy_before": busy, "also_running": arguments.note, "apart": apart, "times": times, "ratios": ratios(times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--driver", required=True, help="the program netsurf_hvp")
    parser.add_argument("--results", required=True, metavar="FILE", help="where to write what was measured, as JSON")
    parser.add_argument("--lanes", type=int, default=64, help="products taken at once")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--note", default="nothing known", help="what else runs on the machine, for the record")
    arguments = parser.parse_args()
    try:
        result = compare(arguments)
        with open(arguments.results, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    except PeerError as error:
        print(f"hvp: {error}", file=sys.stderr)
        return 1
    for side, row in result["times"].items():
        print(f"{side}: {row['cpu_seconds']:.4g} s for {result['lanes']} products")
    for pair, ratio in result["ratios"].items():
        print(f"{pair}: {ratio:.3g} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
