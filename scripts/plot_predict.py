#!/usr/bin/python3
"""Draws a prediction: accuracy (or loss, without labels) over bit error rate per protection, with a sweep's means beside it.

    scripts/plot_predict.py PREDICTION.csv PICTURE.png

PREDICTION.csv is what `netsurf predict --csv` writes. Lines are predicted, dots with bars are measured. The picture's name is
printed. The same table gives the same SVG, byte for byte.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
from plotting import PlotError, percent, percent_label, protection_colors, put_titles, pyplot, read_table, run, save, tidy  # noqa: E402

NUMBERS = ("samples", "protection", "ber", "accuracy", "loss", "clean_loss", "sweep_accuracy", "sweep_accuracy_low",
           "sweep_accuracy_high", "sweep_loss")
TEXTS = ("model", "ranking", "dataset", "split")


def read_points(path):
    points = read_table(path, NUMBERS + TEXTS, TEXTS, "table made by netsurf predict --csv", filled=("protection", "ber", "loss"))
    if not any(point["ber"] > 0 for point in points):
        raise PlotError(f"{path}: no row has a bit error rate above 0; there is nothing to draw")
    return points


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
    for protection, color in zip(protections, protection_colors(plt, len(protections))):
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
        axes.yaxis.set_major_formatter(FuncFormatter(percent_label))
    axes.set_xlabel("bit error rate")
    axes.set_ylabel(f"mean {metric}")
    tidy(axes)
    axes.legend(title="protected bits", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    first = points[0]
    ranked = "" if first["ranking"] == "none" else f", bits ranked by {first['ranking']}"
    what = "lines: predicted" + ("; dots: measured, with 95 % intervals" if has_sweep else "")
    put_titles(axes, first["model"] + ranked, f"{what}\n{first['dataset']} {first['split']} set, {int(first['samples']):,} samples")
    return figure


def plot(table, picture):
    """Draws everything and returns the files written."""
    points = read_points(table)
    if os.path.splitext(picture)[1] not in (".png", ".svg"):
        raise PlotError(f"{picture}: a picture is .png or .svg")
    plt = pyplot()
    figure = draw(plt, points)
    try:
        os.makedirs(os.path.dirname(picture) or ".", exist_ok=True)
        save(figure, picture)
    except OSError as error:
        raise PlotError(f"cannot write {picture}: {error.strerror or error}") from None
    plt.close(figure)
    return [picture]


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("table", metavar="PREDICTION.csv", help="table made by netsurf predict --csv")
    parser.add_argument("picture", metavar="PICTURE", help=".png or .svg; its folder is made if need be")
    arguments = parser.parse_args()
    return run("plot_predict", lambda: plot(arguments.table, arguments.picture))


if __name__ == "__main__":
    sys.exit(main())
