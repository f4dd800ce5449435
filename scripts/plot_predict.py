#!/usr/bin/python3
"""Draws a prediction: accuracy (or loss, without labels) over bit error rate per protection, with a sweep's means beside it.

    scripts/plot_predict.py PREDICTION.csv PICTURE.png

PREDICTION.csv is what `netsurf predict --csv` writes. Lines are predicted, dots with bars are measured. The picture's name is
printed. The same table gives the same SVG, byte for byte.
"""

import argparse
import csv
import os
import sys

NUMBERS = ("samples", "protection", "ber", "accuracy", "loss", "clean_loss", "sweep_accuracy", "sweep_accuracy_low",
           "sweep_accuracy_high", "sweep_loss")
TEXTS = ("model", "ranking", "dataset", "split")
GREY = "#555555"


class PlotError(Exception):
    """Something the person can mend; shown as one line."""


def read_points(path):
    """The rows of the table as dictionaries, numbers read; None where a field is empty."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [column for column in NUMBERS + TEXTS if column not in (reader.fieldnames or [])]
            if missing:
                raise PlotError(f"{path}: no column {missing[0]}; expected a table made by netsurf predict --csv")
            points = []
            for line, row in enumerate(reader, start=2):
                try:
                    point = {column: float(row[column]) if row[column] else None for column in NUMBERS}
                except (TypeError, ValueError):
                    raise PlotError(f"{path}: line {line} holds something that is no number") from None
                if point["protection"] is None or point["ber"] is None or point["loss"] is None:
                    raise PlotError(f"{path}: line {line} has no protection, ber or loss")
                point.update({column: row[column] for column in TEXTS})
                points.append(point)
    except FileNotFoundError:
        raise PlotError(f"no such file: {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlotError(f"cannot read {path}: {error}") from None
    if not any(point["ber"] > 0 for point in points):
        raise PlotError(f"{path}: no row has a bit error rate above 0; there is nothing to draw")
    return points


def plain(text):
    """Text that matplotlib shall not read as mathematics."""
    return text.replace("$", r"\$")


def percent(fraction):
    return f"{100 * fraction:g} %"


def bars(curve, metric):
    """How far a sweep's interval reaches below and above its mean."""
    low = [point["sweep_accuracy_low"] for point in curve]
    high = [point["sweep_accuracy_high"] for point in curve]
    if metric != "accuracy" or None in low or None in high:
        return None
    means = [point["sweep_accuracy"] for point in curve]
    return [[mean - end for mean, end in zip(means, low)], [end - mean for mean, end in zip(means, high)]]


def draw(plt, points):
    from matplotlib.ticker import FuncFormatter
    metric = "accuracy" if all(point["accuracy"] is not None for point in points) else "loss"
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    protections = sorted({point["protection"] for point in points})
    has_sweep = False
    for index, protection in enumerate(protections):
        color = plt.get_cmap("viridis")(0.88 * index / max(len(protections) - 1, 1))
        curve = sorted((point for point in points if point["protection"] == protection and point["ber"] > 0),
                       key=lambda point: point["ber"])
        axes.plot([point["ber"] for point in curve], [point[metric] for point in curve], color=color, linewidth=1.6,
                  marker="." if len(curve) == 1 else None, label=percent(protection), zorder=2)
        swept = [point for point in curve if point["sweep_" + metric] is not None]
        if swept:
            has_sweep = True
            axes.errorbar([point["ber"] for point in swept], [point["sweep_" + metric] for point in swept],
                          yerr=bars(swept, metric), color=color, linestyle="none", marker="o", markersize=5, capsize=3,
                          linewidth=1.2, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
    if metric == "accuracy":
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 9))))
    axes.set_xlabel("bit error rate")
    axes.set_ylabel(f"mean {metric}")
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(title="protected bits", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    first = points[0]
    ranked = "" if first["ranking"] == "none" else f", bits ranked by {first['ranking']}"
    axes.set_title(plain(first["model"] + ranked), loc="left", fontweight="bold", pad=32)
    what = "lines: predicted" + ("; dots: measured, with 95 % intervals" if has_sweep else "")
    note = axes.annotate(plain(f"{what}\n{first['dataset']} {first['split']} set, {int(first['samples']):,} samples"), (0, 1),
                         xycoords="axes fraction", xytext=(0, 5), textcoords="offset points", fontsize=8.5, color=GREY,
                         va="bottom", linespacing=1.3)
    note.set_in_layout(False)
    return figure


def plot(table, picture):
    points = read_points(table)
    kind = os.path.splitext(picture)[1].lstrip(".")
    if kind not in ("png", "svg"):
        raise PlotError(f"{picture}: a picture is .png or .svg")
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        raise PlotError("matplotlib is not installed for this Python; on Debian: apt install python3-matplotlib") from None
    plt.rcParams.update({"svg.hashsalt": "netsurf", "font.size": 10, "font.family": "DejaVu Sans"})
    figure = draw(plt, points)
    temporary = f"{picture}.tmp-{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(picture) or ".", exist_ok=True)
        # No date, so that the same table gives the same file.
        figure.savefig(temporary, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
        os.replace(temporary, picture)
    except OSError as error:
        raise PlotError(f"cannot write {picture}: {error.strerror or error}") from None
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
        plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("table", metavar="PREDICTION.csv", help="table made by netsurf predict --csv")
    parser.add_argument("picture", metavar="PICTURE", help=".png or .svg; its folder is made if need be")
    arguments = parser.parse_args()
    try:
        plot(arguments.table, arguments.picture)
    except PlotError as error:
        print(f"plot_predict: {error}", file=sys.stderr)
        return 1
    print(arguments.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
