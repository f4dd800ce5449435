#!/usr/bin/env python3
"""The parts of scripts/gpu-check, in order of importance, and the JSON file that holds what they gave.

    bench/gpu/check.py --folder BUILD --result FILE.json [--ctest] [--quick] [--libraries PATH] [--facts JSON]

The file is written anew after every part, so that a run cut short leaves what it had; "passed" stays false until the last part
is done. A tool that is not there becomes "absent", which is no failure; a check that failed, or found no time, is one.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

SECONDS = 460  # of all parts together
TEXTS = {"network", "plan", "path", "ber", "name", "compute", "difference"}  # values that stay texts
TAIL = 3000  # characters kept of the output of what failed


class Failure(Exception):
    """A check did not pass; holds what is known of it."""

    def __init__(self, fields):
        super().__init__(fields)
        self.fields = fields


def run(command, seconds, environment=None):
    """(status or "timed out", output so far) of a program that is ended after so many seconds."""
    with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **(environment or {})})
        try:
            status = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = "timed out"
        output.seek(0)
        return status, output.read()


def value_of(key, text):
    for kind in () if key in TEXTS else (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def rows_of(output):
    """The rows that netsurf_gpu_bench printed, by kind."""
    rows = {}
    for line in output.splitlines():
        kind, *fields = line.split("\t")
        if fields and all("=" in field for field in fields):
            pairs = (field.split("=", 1) for field in fields)
            rows.setdefault(kind, []).append({key: value_of(key, text) for key, text in pairs})
    return rows


class Check:
    def __init__(self, arguments):
        self.arguments = arguments
        self.start = time.monotonic()
        self.tests = os.path.join(arguments.folder, "tests", "test_gpu")
        self.bench = os.path.join(arguments.folder, "bench", "netsurf_gpu_bench")
        # For these programs alone: PyTorch brings its own CUDA libraries.
        self.environment = {"NETSURF_REQUIRE_GPU": "1", **({"LD_LIBRARY_PATH": arguments.libraries} if arguments.libraries else {})}
        self.result = {**json.loads(arguments.facts), "cores": os.cpu_count(), "passed": False, "finished": False, "failed": [], "seconds": {}}

    def write(self):
        folder = os.path.dirname(os.path.abspath(self.arguments.result))
        os.makedirs(folder, exist_ok=True)
        temporary = os.path.join(folder, f".{os.path.basename(self.arguments.result)}.{os.getpid()}")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.result, file, indent=1)
            file.write("\n")
        os.replace(temporary, self.arguments.result)

    def part(self, name, seconds, body):
        """Runs body(seconds it may take) and keeps what it returns under `name`."""
        begin = time.monotonic()
        left = SECONDS - (begin - self.start)
        try:
            if left < 15:
                raise Failure({"state": "not run: no time was left"})
            fields = body(min(seconds, left))
            print(f"{name}: {fields if isinstance(fields, str) else fields.get('state', 'done')}", flush=True)
        except Failure as failure:
            fields = failure.fields
            self.result["failed"].append(name)
            print(f"{name}: FAILED: {fields.get('state')} {fields.get('difference', '')}".rstrip(), flush=True)
        self.result[name] = fields
        self.result["seconds"][name] = round(time.monotonic() - begin, 1)
        self.write()

    # GoogleTest's programs.

    def gpu_tests(self, seconds):
        if not os.access(self.tests, os.X_OK):
            self.result["gtest"] = "absent"
            return "absent"
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report")
            command = [self.tests, f"--gtest_output=json:{report}"]
            if self.arguments.ctest:
                command = ["ctest", "--test-dir", self.arguments.folder, "-L", "^gpu$", "--no-tests=error", "--output-on-failure",
                           "-j4", "--output-junit", report]
            status, output = run(command, seconds, self.environment)
            try:
                fields = (junit_counts if self.arguments.ctest else gtest_counts)(report)
            except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError):
                fields = {"tests": 0, "failures": 0, "skipped": 0, "failed_tests": []}
        if status != 0 or fields["tests"] == 0 or fields["failures"] or fields["skipped"]:
            raise Failure({"state": f"status {status}, failed: {' '.join(fields['failed_tests']) or 'no report'}", **fields,
                           "output": output[:TAIL] + output[-TAIL:]})
        return {"state": f"{fields['tests']} tests passed", **fields}

    def sanitizer(self, tool):
        program = shutil.which("compute-sanitizer", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
        chosen = "--gtest_filter=*Small*"

        def body(seconds):
            if program is None:
                return "absent"
            if not os.access(self.tests, os.X_OK):
                return "absent: needs test_gpu, and GoogleTest is absent"
            _, listed = run([self.tests, "--gtest_list_tests", chosen], 30, self.environment)
            count = sum(line.startswith("  ") for line in listed.splitlines())
            if count == 0:
                raise Failure({"state": "test_gpu has no test named *Small*", "tests": 0})
            extra = ["--leak-check", "full"] if tool == "memcheck" else []
            status, output = run([program, "--tool", tool, "--error-exitcode", "86", *extra, self.tests, chosen], seconds,
                                 self.environment)
            summary = re.findall(r"={9} (.*SUMMARY.*)", output)
            fields = {"state": f"{count} tests clean", "tests": count, "summary": summary[-1] if summary else ""}
            if status != 0 or not summary:
                raise Failure({**fields, "state": f"status {status}", "output": output[:TAIL] + output[-TAIL:]})
            return fields
        return body

    # netsurf_gpu_bench.

    def bench_part(self, name):
        def body(seconds):
            quick = ["quick"] if self.arguments.quick else []
            soft = max(seconds - 20, seconds / 2)  # its own limit: nothing new after that
            status, output = run([self.bench, name, f"{soft:.0f}", *quick], seconds, self.environment)
            fields = rows_of(output)
            total = fields.get(f"{name}_total", [{}])[0]
            fields["state"] = ", ".join(f"{key} {value}" for key, value in total.items()) or "done"
            if name != "kernels" and not total:
                status = f"{status}, no total"
            if status != 0:
                rows = [row for row in fields.get(name, []) if row.get("equal") == 0]
                first = {key: value for key, value in (rows or [{}])[0].items() if key in TEXTS}
                raise Failure({**fields, "state": f"status {status} {fields['state']}", "difference": first or "", "output": output[-TAIL:]})
            return fields
        return body

    def peers(self, seconds):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "gpu_loop.py")
        quick = ["--quick"] if self.arguments.quick else []
        last = {"state": "absent", "torch": "absent"}
        for python in dict.fromkeys(filter(None, (shutil.which("python3"), "/usr/bin/python3"))):
            status, output = run([python, script, *quick], seconds, {"PYTHONDONTWRITEBYTECODE": "1", "CUDA_MODULE_LOADING": "LAZY"})
            lines = [line for line in output.splitlines() if line.startswith("{")]
            fields = json.loads(lines[-1]) if lines and lines[-1].endswith("}") else {"torch": "absent"}
            if fields["torch"] == "absent" or fields.get("gpu") == "absent":
                last.update(fields)
                continue
            # A peer that fails is no failure of this program; what it said is kept.
            return {"state": "done" if status == 0 else f"status {status}", **fields, **({} if status == 0 else {"output": output[-TAIL:]})}
        return last

    def run_all(self):
        self.write()
        self.part("tests", 120, self.gpu_tests)
        self.part("parity", 60 if self.arguments.quick else 180, self.bench_part("parity"))
        self.part("trials", 110, self.bench_part("trials"))
        self.part("memcheck", 60, self.sanitizer("memcheck"))
        self.part("racecheck", 60, self.sanitizer("racecheck"))
        self.part("kernels", 40, self.bench_part("kernels"))
        self.part("peers", 75, self.peers)
        self.result["passed"] = not self.result["failed"]
        self.result["finished"] = True
        self.result["seconds"]["all"] = round(time.monotonic() - self.start, 1)
        self.write()


def junit_counts(path):
    suite = xml.etree.ElementTree.parse(path).getroot()
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    return {**{name: int(suite.get(name, 0)) for name in ("tests", "failures", "skipped")}, "failed_tests": failed}


def gtest_counts(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    cases = [case for suite in report["testsuites"] for case in suite["testsuite"]]
    failed = [f"{case.get('classname')}.{case.get('name')}" for case in cases if case.get("failures")]
    return {"tests": report["tests"], "failures": report["failures"], "skipped": sum(case.get("result") == "SKIPPED" for case in cases),
            "failed_tests": failed}


def table(result):
    """Trials per second as lines of text, the largest batch rates of each network and bit error rate."""
    cells = [row for row in result.get("trials", {}).get("trials", []) if "trials_per_second" in row] if isinstance(result.get("trials"), dict) else []
    for row in cells:
        share = f", {row['percent_of_ceiling']:.3g} % of ceiling" if "percent_of_ceiling" in row else ""
        yield (f"  {row['network']} BER {row['ber']} max_batch {row['max_batch']}{' with loss' * row['loss']}: {row['trials_per_second']:,.0f} trials/s, "
               f"{row['gmacs']:,.0f} GMAC/s{share} ({row['path']}; CPU {row['cpu_trials_per_second']:,.0f})")


def main():
    parser = argparse.ArgumentParser(description="the parts of scripts/gpu-check")
    parser.add_argument("--folder", required=True, help="holds tests/test_gpu and bench/netsurf_gpu_bench")
    parser.add_argument("--result", required=True)
    parser.add_argument("--ctest", action="store_true", help="the folder is a build folder: tests run through ctest")
    parser.add_argument("--libraries", default="", help="LD_LIBRARY_PATH of the programs")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--facts", default="{}", help="JSON that goes into the result as it is")
    check = Check(parser.parse_args())
    check.run_all()
    print("\n".join(table(check.result)))
    failed = check.result["failed"]
    print(f"wrote {check.arguments.result}: " + (f"FAILED: {', '.join(failed)}" if failed else "passed"))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
