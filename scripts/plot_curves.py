#!/usr/bin/python3
"""Draws a study: accuracy (or loss, where there are no labels) over bit error rate per protection, and the grid as a heat map.

    scripts/plot_curves.py SUMMARY.csv FOLDER

SUMMARY.csv is what `netsurf export --format summary` writes. For every model and ranking two figures go to FOLDER, each
as PNG and SVG; their names are printed, one a line. The same table gives the same SVG, byte for byte.
"""

import argparse
import math
import os
import re
import sys

sys.dont_write_bytecode = True
from plotting import (GREY, PlotError, percent, percent_label, protection_colors, put_titles, pyplot, read_table, run,  # noqa: E402
                      save_both, tidy)

REQUIRED = ("model", "ranking", "ranking_suffix", "ranking_order", "protection", "ber", "trials", "accuracy", "accuracy_low",
            "accuracy_high", "clean_accuracy", "loss", "clean_loss", "split", "dataset", "fault_model", "design", "samples")
NUMBERS = ("protection", "ber", "trials", "samples", "accuracy", "accuracy_low", "accuracy_high", "clean_accuracy",
           "loss", "clean_loss")


class Metric:
    """What is drawn: columns of the summary, and how a value is written."""

    def __init__(self, name, clean, low, high, tick, text, limits):
        self.name, self.clean, self.low, self.high = name, clean, low, high
        self.tick, self.text = tick, text  # on an axis; beside the clean line and in a cell of the heat map
        self.limits = limits  # that the vertical axis must not pass by much

    def of(self, cell):
        return cell[self.name]

    def bounds(self, cell):
        """The interval's ends, or None without one."""
        return (cell[self.low], cell[self.high]) if self.low and cell[self.low] is not None else None


def read_cells(path):
    return read_table(path, REQUIRED, [column for column in REQUIRED if column not in NUMBERS], "summary made by netsurf export",
                      filled=("protection", "ber", "trials", "samples"))


def measured(cells, path):
    """The metric to draw, and the cells that have it: accuracy, or the loss where nothing has labels."""
    for metric in METRICS:
        known = [cell for cell in cells if metric.of(cell) is not None]
        if known:
            return metric, known
    raise PlotError(f"{path}: no row has an accuracy or a loss; there is nothing to draw")


def grouped(cells):
    """Cells by model and ranking, in the order of the table."""
    groups = {}
    for cell in cells:
        key = (cell["model"], cell["ranking"], cell["ranking_suffix"], cell["ranking_order"])
        groups.setdefault(key, []).append(cell)
    return groups


def accuracy_label(value, _):
    """Tick label; an axis may reach a little above 100 %, accuracy cannot."""
    return percent_label(value, _) if value < 1 + 1e-9 else ""


METRICS = (
    Metric("accuracy", "clean_accuracy", "accuracy_low", "accuracy_high", accuracy_label, lambda value: f"{100 * value:.1f}",
           (-0.02, 1.05)),
    Metric("loss", "clean_loss", None, None, lambda value, _: f"{value:g}", lambda value: f"{value:.3g}", (-math.inf, math.inf)),
)


def ranking_name(key):
    _, method, suffix, order = key
    return method + (f" {suffix}" if suffix else "") + (f" ({order})" if order else "")


def file_stem(key):
    stem = "_".join(part for part in key if part)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "study"


def unique_stems(keys):
    """One file name per key; a number is added where two would be alike."""
    stems, used = {}, set()
    for key in keys:
        stem, count = file_stem(key), 1
        while (stem if count == 1 else f"{stem}-{count}") in used:
            count += 1
        stems[key] = stem if count == 1 else f"{stem}-{count}"
        used.add(stems[key])
    return stems


def trials_text(cells):
    low, high = (int(pick(cell["trials"] for cell in cells)) for pick in (min, max))
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return count + (" trial" if high == 1 else " trials")


def caption(cells):
    first = cells[0]
    return (f"{first['dataset']} {first['split']} set, {int(first['samples']):,} samples; {trials_text(cells)} a cell; "
            f"{first['fault_model']} faults, {first['design']} design")


def study_title(key):
    return f"{key[0]}, bits ranked by {ranking_name(key)}"


def are_apart(rates):
    """Whether a label at every rate of the logarithmic axis can be read."""
    steps = [math.log(second / first) for first, second in zip(rates, rates[1:])]
    return not steps or min(steps) > 0.09 * sum(steps)


def draw_curves(plt, key, cells, metric):
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    protections = sorted({cell["protection"] for cell in cells})
    rates = sorted({cell["ber"] for cell in cells if cell["ber"] > 0})
    markers = "osD^vP*X<>"
    for index, (protection, color) in enumerate(zip(protections, protection_colors(plt, len(protections)))):
        curve = sorted((cell for cell in cells if cell["protection"] == protection and cell["ber"] > 0),
                       key=lambda cell: cell["ber"])
        if not curve:
            continue
        x = [cell["ber"] for cell in curve]
        axes.plot(x, [metric.of(cell) for cell in curve], color=color, marker=markers[index % len(markers)], markersize=5,
                  linewidth=1.6, label=percent(protection), zorder=3)
        low, high = zip(*(metric.bounds(cell) or (math.nan, math.nan) for cell in curve))
        axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0, zorder=2)
        if len(curve) == 1 and metric.bounds(curve[0]):
            # A band over one place has no width to be seen by.
            axes.vlines(x, low, high, color=color, linewidth=1.2, zorder=2)
    clean = cells[0][metric.clean]
    if clean is not None:
        axes.axhline(clean, color=GREY, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
        axes.annotate(f"without faults {metric.text(clean)}" + (" %" if metric.name == "accuracy" else ""), (0.995, clean), xycoords=("axes fraction", "data"),
                      xytext=(0, 3), textcoords="offset points", ha="right", va="bottom", fontsize=8.5, color=GREY)
    if rates:
        axes.set_xscale("log")
        if are_apart(rates):
            axes.set_xticks(rates)
            if len(rates) > 7:  # labels would touch
                axes.tick_params(axis="x", rotation=30)
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            axes.xaxis.set_major_locator(LogLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
        if len(rates) == 1:
            axes.set_xlim(rates[0] / 3, rates[0] * 3)
    axes.yaxis.set_major_formatter(FuncFormatter(metric.tick))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, metric.limits[0]), min(high + 0.05 * (high - low), metric.limits[1]))
    axes.set_xlabel("bit error rate")
    axes.set_ylabel(f"mean {metric.name}")
    tidy(axes)
    handles, labels = axes.get_legend_handles_labels()
    if metric.name == "accuracy":  # most protection on top, as its curve is
        handles, labels = handles[::-1], labels[::-1]
    axes.legend(handles, labels, title="protected bits", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    if metric.low is None:
        what = "mean over trials, without intervals"
    elif any(metric.bounds(cell) for cell in cells):
        what = "bands: 95 % interval of the mean accuracy"
    else:
        what = "no intervals: too few trials or no spread"
    put_titles(axes, study_title(key), f"{what}\n{caption(cells)}")
    return figure


def draw_heat_map(plt, key, cells, metric):
    from matplotlib.ticker import FuncFormatter
    protections = sorted({cell["protection"] for cell in cells})
    rates = sorted({cell["ber"] for cell in cells})
    values = {(cell["protection"], cell["ber"]): metric.of(cell) for cell in cells}
    table = [[values.get((protection, rate), math.nan) for rate in rates] for protection in protections]
    known = list(values.values())
    low, high = min(known), max(known)
    if high - low < 1e-9:
        low, high = low - 0.005, high + 0.005
    width = max(6.5, 2.6 + 0.95 * len(rates))
    height = max(3.2, 1.9 + 0.55 * len(protections))
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    color_map = plt.get_cmap("cividis").with_extremes(bad="#eeeeee")
    image = axes.imshow(table, origin="lower", aspect="auto", cmap=color_map, vmin=low, vmax=high, interpolation="nearest")
    axes.set_xticks(range(len(rates)), [percent(rate) for rate in rates])
    axes.set_yticks(range(len(protections)), [percent(protection) for protection in protections])
    axes.set_xlabel("bit error rate")
    axes.set_ylabel("protected bits")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, values_of_row in enumerate(table):
        for column, value in enumerate(values_of_row):
            if math.isnan(value):
                continue
            dark = (value - low) / (high - low) < 0.55
            axes.text(column, row, metric.text(value), ha="center", va="center", fontsize=9, color="white" if dark else "black")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(metric.tick))
    bar.outline.set_visible(False)
    what = "mean accuracy in %" if metric.name == "accuracy" else "mean loss"
    put_titles(axes, study_title(key), f"{what}\n{caption(cells)}")
    return figure


def plot(table, folder):
    """Draws everything and returns the files written."""
    metric, cells = measured(read_cells(table), table)
    plt = pyplot()
    written = []
    groups = grouped(cells)
    stems = unique_stems(groups)
    try:
        os.makedirs(folder, exist_ok=True)
        for key, members in groups.items():
            for name, draw in (("curves", draw_curves), ("grid", draw_heat_map)):
                figure = draw(plt, key, members, metric)
                written += save_both(figure, folder, f"{stems[key]}_{name}")
                plt.close(figure)
    except OSError as error:
        raise PlotError(f"cannot write to {folder}: {error.strerror or error}") from None
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("table", metavar="SUMMARY.csv", help="summary table of a study (netsurf export)")
    parser.add_argument("folder", metavar="FOLDER", help="where the figures go; made if need be")
    arguments = parser.parse_args()
    return run("plot_curves", lambda: plot(arguments.table, arguments.folder))


if __name__ == "__main__":
    sys.exit(main())
