#!/usr/bin/python3
"""NetSurf against a PyTorch loop on this machine: same networks, inputs and kind of trial, the two taking turns.

    bench/peers/compare.py --driver build-peers/bench/netsurf_trials --results RESULTS.json [--quick] [--page docs/performance.md]

scripts/bench-peers builds the driver and calls this. Before any clock starts, both sides must agree: on the clean
predictions, and on the outcome of given faulty trials.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import table
from networks import NETWORKS, make

SAMPLES = 10000
RATES = ("0.0001", "0.001", "0.01")
AGREEMENT = 0.999  # share of samples on which both sides must give the same answer


class PeerError(Exception):
    """Something the person can mend; shown as one line."""


class Driver:
    """A program of NetSurf's side with one network opened."""

    def __init__(self, program, folder, name, arguments):
        self.name = os.path.basename(program)
        files = [os.path.join(folder, f"{name}.{kind}") for kind in ("json", "inputs", "labels")]
        try:
            self.process = subprocess.Popen([program, *files, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            raise PeerError(f"cannot start {program}: {error.strerror}") from None
        self.greeting = self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise PeerError(f"{self.name} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # why, the missing answer says
        return self._read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def check(loop, driver, trials=3):
    """What both sides make of the same network; raises PeerError where they differ by more than AGREEMENT allows."""
    if driver.greeting["bits"] != len(loop.bits):
        raise PeerError(f"netsurf counts {driver.greeting['bits']} stored bits, the torch loop {len(loop.bits)}")
    shares, losses = [driver.greeting["clean_correct"] / SAMPLES], []
    for _ in range(trials):
        flips = loop.draw(1e-3)
        correct, loss = loop.outcome(flips, True)
        answer = driver.ask(flips=flips.tolist())
        shares.append(1 - abs(answer["correct"] - correct) / SAMPLES)
        losses.append(abs(answer["loss"] / loss - 1))
    if min(shares) < AGREEMENT or max(losses) > 1e-3:
        raise PeerError(f"the two sides differ: same answers for {100 * min(shares):.3f} % of the samples, losses apart by "
                        f"{max(losses):.2g} of their size")
    return {"clean_predictions_equal": shares[0], "faulty_trials_equal": min(shares[1:]), "losses_apart": max(losses)}


def rate(answer, threads):
    """Trials per second. One thread is charged its processor time, so that waiting for a core that others use does not count."""
    return answer["trials"] / (answer["cpu_seconds"] if threads == 1 else answer["seconds"])


def measure(loop, driver, ber, with_loss, threads, seconds, rounds):
    """One cell: the sides in turns, medians over the rounds."""
    sides = {"torch": lambda time: loop.run(float(ber), time, with_loss),
             "netsurf": lambda time: driver.ask(ber=ber, seconds=time, loss=with_loss)}
    answers = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            answers[side].append(run(seconds))
    cell = {"ber": ber, "loss": with_loss, "threads": threads}
    for side, rows in answers.items():
        cell[side] = {"trials_per_second": statistics.median(rate(row, threads) for row in rows),
                      "rounds": [round(rate(row, threads), 4) for row in rows],
                      "trials": sum(row["trials"] for row in rows),
                      "share_of_cores": sum(row["cpu_seconds"] for row in rows) / sum(row["seconds"] for row in rows) / threads,
                      "mean_flips": sum(row["flips"] for row in rows) / sum(row["trials"] for row in rows),
                      "mean_accuracy": sum(row["correct"] for row in rows) / sum(row["trials"] for row in rows) / SAMPLES}
    cell["ratio"] = cell["netsurf"]["trials_per_second"] / cell["torch"]["trials_per_second"]
    cell["netsurf"]["gmacs"] = cell["netsurf"]["trials_per_second"] * SAMPLES * driver.greeting["macs"] * 1e-9
    return cell


def study(name, folder, torch_loop, arguments):
    """All cells of one network."""
    network, codes = make(name, folder, SAMPLES)
    loop = torch_loop.TorchLoop(network, codes)
    result = {"title": NETWORKS[name][0], "batch": {}, "cells": []}
    variants = [(1, False)] if arguments.quick else [(1, False), (1, True), (2, False)]
    for threads in sorted({threads for threads, _ in variants if threads <= os.cpu_count()}):
        if threads > 1 and busy_share() > 0.1:
            print(f"  others use the processors: {threads} threads are not measured, as threads that wait for each other would wait for them")
            continue
        torch_loop.torch.set_num_threads(threads)
        loop.predict().astype(np.uint8).tofile(os.path.join(folder, f"{name}.labels"))
        loop.tune(lambda answer: rate(answer, threads))
        options = ["--path", arguments.path, "--isa", arguments.isa, "--threads", str(threads)]
        driver = Driver(arguments.driver, folder, name, options)
        result["batch"][str(threads)] = loop.batch
        result["check"] = check(loop, driver)
        result.update({key: driver.greeting[key] for key in ("path", "compiler", "macs", "bits")})
        print(f"{result['title']}: {driver.greeting['path']}, {threads} thread{'s' * (threads > 1)}, torch in batches of {loop.batch}; clean "
              f"predictions equal for {100 * result['check']['clean_predictions_equal']:g} % of samples", flush=True)
        for with_loss in [loss for count, loss in variants if count == threads]:
            for ber in RATES:
                cell = measure(loop, driver, ber, with_loss, threads, arguments.seconds, arguments.rounds)
                result["cells"].append(cell)
                print(f"  BER {float(ber):g}{' with loss' * with_loss}: torch {cell['torch']['trials_per_second']:.4g}, netsurf "
                      f"{cell['netsurf']['trials_per_second']:.4g} trials/s, {cell['ratio']:.3g} times", flush=True)
        driver.close()
    return result


def read_ceilings(path):
    """GMAC/s of one core by instruction set: the counter "mark" of bench/bench_packed.cc; none without a file."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["benchmarks"]
        return {row["name"].split("/")[1]: row["mark"] for row in rows if row.get("mark", 0) > 0}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise PeerError(f"cannot read {path}: {error}") from None


def busy_share(seconds=1.0):
    """Share of the processors' time that is used right now."""
    def ticks():
        with open("/proc/stat", encoding="utf-8") as file:
            values = [int(value) for value in file.readline().split()[1:9]]
        return sum(values), values[3] + values[4]  # idle, and idle with a disk at work
    total, idle = ticks()
    time.sleep(seconds)
    later, idle_later = ticks()
    return 1 - (idle_later - idle) / max(later - total, 1)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    lines = {key.strip(): value.strip() for key, value in lines.items()}
    known = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
    return {"model": lines.get("model name", platform.machine()), "cores": os.cpu_count(),
            "flags": [flag for flag in known if flag in lines.get("flags", "").split()]}


def blas():
    """The BLAS library that torch has loaded; refuses the reference one, which would make the loop ten times slower."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        loaded = {os.path.realpath(line.split()[-1]) for line in file if "blas" in line}
    fast = sorted(path for path in loaded if "openblas" in path or "mkl" in path)
    if loaded and not fast:
        raise PeerError("torch runs on the slow reference BLAS; install libopenblas0-openmp or libopenblas0-pthread")
    return os.path.join(*fast[0].split("/")[-2:]) if fast else "inside torch"


def compare(arguments):
    try:
        import torch_loop
    except ImportError:
        raise PeerError("torch is not installed for this Python; on Debian: apt install python3-torch") from None
    torch_loop.keep_memory()
    result = {"date": datetime.date.today().isoformat(), "processor": processor(), "system": platform.platform(),
              "torch": torch_loop.torch.__version__, "numpy": np.__version__, "samples": SAMPLES, "rounds": arguments.rounds,
              "seconds_per_round": arguments.seconds, "busy_before": busy_share(), "also_running": arguments.note,
              "networks": {}}
    ceilings = read_ceilings(arguments.ceiling)
    with tempfile.TemporaryDirectory(prefix="netsurf-peers-") as folder:
        for name in arguments.networks:
            result["networks"][name] = study(name, folder, torch_loop, arguments)
            isa = result["networks"][name]["path"].rsplit("/", 1)[-1]  # of "cpu/auto/avx2"
            result["ceiling_gmacs_per_core"] = ceilings.get(isa)
    result["blas"] = blas()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--driver", required=True, help="the program netsurf_trials")
    parser.add_argument("--results", required=True, metavar="FILE", help="where to write what was measured, as JSON")
    parser.add_argument("--page", metavar="FILE", help="a Markdown page whose table to rewrite")
    parser.add_argument("--quick", action="store_true", help="under a minute: one thread, without loss, short rounds")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME", help=", ".join(NETWORKS))
    parser.add_argument("--path", default="auto", help="NetSurf's path: plain, dense, delta or auto (default)")
    parser.add_argument("--isa", default="", help="NetSurf's instruction set; the best of this machine unless given")
    parser.add_argument("--ceiling", metavar="FILE", help="JSON of netsurf_bench, with the marks of the packed kernels")
    parser.add_argument("--note", default="nothing known", help="what else runs on the machine, for the record")
    arguments = parser.parse_args()
    arguments.rounds, arguments.seconds = (2, 0.3) if arguments.quick else (3, 1.0)
    try:
        result = compare(arguments)
        with open(arguments.results, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
        print(table.markdown(result, os.path.basename(arguments.results)))
        if arguments.page:
            table.replace_in(arguments.page, table.markdown(result, os.path.basename(arguments.results)))
    except (PeerError, table.PageError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
