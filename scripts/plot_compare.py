#!/usr/bin/python3
"""Draws a comparison of rankings: overlap with the baseline, what is kept under faults, and regret.

    scripts/plot_compare.py FOLDER

FOLDER holds the tables that `netsurf rank --compare` writes. Figures go to FOLDER/plots, each as PNG and SVG; their names
are printed, one a line. The same tables give the same SVG, byte for byte.
"""

import argparse
import math
import os
import sys

sys.dont_write_bytecode = True
from plotting import GREY, PlotError, percent, percent_label, plain, pyplot, read_table, run, save_both, tidy  # noqa: E402

LEAGUE = ("ranking", "protection", "ber", "harm", "mean_harm", "clean_harm", "regret", "regret_low", "regret_high", "accuracy",
          "clean_accuracy", "samples", "trials")
PAIRS = ("ranking_a", "ranking_b", "top", "overlap")
OVERLAP = ("baseline", "ranking", "top", "overlap")
TEXTS = ("ranking", "baseline", "ranking_a", "ranking_b", "harm")
MARKERS = "osD^vP*X<>hdp"
STYLES = ("-", (0, (5, 2)), (0, (1, 1.5)))


def read_filled(path, columns):
    rows = read_table(path, columns, TEXTS, "table made by netsurf rank --compare")
    if not rows:
        raise PlotError(f"{path}: no rows; there is nothing to draw")
    return rows


def unique(values):
    return list(dict.fromkeys(values))


def styles(plt, names):
    """A color, a marker and a dash pattern per ranking, the same in every figure."""
    colors = plt.get_cmap("tab10").colors
    return {name: {"color": colors[i % 10], "marker": MARKERS[i % len(MARKERS)], "linestyle": STYLES[i // 10 % 3]}
            for i, name in enumerate(names)}


def add_legend(axes):
    """To the right of the last panel."""
    labels = axes.get_legend_handles_labels()[1]
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8, ncol=1 if len(labels) <= 30 else 2)


def draw_overlap(plt, rows, style):
    from matplotlib.ticker import FuncFormatter
    figure, axes = plt.subplots(figsize=(8.6, 5.4), layout="constrained")
    baseline = rows[0]["baseline"]
    for name in unique(row["ranking"] for row in rows):
        if name == baseline:
            continue
        curve = [row for row in rows if row["ranking"] == name]
        look = style[name]
        axes.plot([row["top"] for row in curve], [row["overlap"] for row in curve], color=look["color"],
                  linestyle=look["linestyle"], linewidth=1.4, label=plain(name))
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (5, 3)), label="by chance")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(percent_label))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("share p of the bits")
    axes.set_ylabel(f"shared with the first bits of {plain(baseline)}")
    axes.set_title("first p bits of each ranking that are also among those of " + plain(baseline), fontsize=10)
    tidy(axes)
    add_legend(axes)
    return figure


def draw_radar(plt, rows, baseline):
    """One spoke per ranking, one polygon per share: the overlap with the baseline."""
    from matplotlib.ticker import FuncFormatter
    near = {}
    for row in rows:
        if baseline in (row["ranking_a"], row["ranking_b"]):
            other = row["ranking_b"] if row["ranking_a"] == baseline else row["ranking_a"]
            near.setdefault(row["top"], {})[other] = row["overlap"]
    names = list(next(iter(near.values())))
    if len(names) < 3:
        return None  # no polygon
    angles = [2 * math.pi * i / len(names) for i in range(len(names))]
    figure, axes = plt.subplots(figsize=(8, 7), layout="constrained", subplot_kw={"projection": "polar"})
    colors = plt.get_cmap("viridis")
    for index, (top, overlaps) in enumerate(near.items()):
        values = [overlaps[name] for name in names]
        color = colors(0.1 + 0.8 * index / max(1, len(near) - 1))
        axes.plot(angles + angles[:1], values + values[:1], color=color, linewidth=1.6, label=f"first {percent(top)}")
        axes.fill(angles, values, color=color, alpha=0.07)
    axes.set_xticks(angles, [plain(name) for name in names], fontsize=8)
    axes.tick_params(axis="x", pad=14)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(FuncFormatter(percent_label))
    axes.tick_params(axis="y", labelsize=7, labelcolor=GREY)
    axes.set_title(f"overlap with {plain(baseline)}", fontsize=10)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), frameon=False, ncol=len(near))
    figure.draw_without_rendering()
    for artist in axes.findobj():
        artist.set_clip_path(None)  # nothing reaches beyond; matplotlib would name the path by its address, another in every run
    return figure


def draw_kept(plt, rows, style, column, clean, label, tick):
    """A panel per bit error rate: the column over protection, a curve per ranking."""
    from matplotlib.ticker import FuncFormatter
    rates = unique(row["ber"] for row in rows)
    figure, panels = plt.subplots(1, len(rates), figsize=(2.2 + 3.9 * len(rates), 4.8), layout="constrained", squeeze=False)
    for axes, rate in zip(panels[0], rates):
        for name, look in style.items():
            curve = sorted((row for row in rows if row["ranking"] == name and row["ber"] == rate),
                           key=lambda row: row["protection"])
            axes.plot([row["protection"] for row in curve], [row[column] for row in curve], markersize=4, linewidth=1.2,
                      label=plain(name), **look)
        if rows[0][clean] is not None:
            axes.axhline(rows[0][clean], color=GREY, linewidth=1, linestyle=(0, (5, 3)))
        axes.set_title(f"bit error rate {percent(rate)}", fontsize=10)
        axes.set_xlabel("protected bits")
        axes.xaxis.set_major_formatter(FuncFormatter(percent_label))
        axes.yaxis.set_major_formatter(FuncFormatter(tick))
        tidy(axes)
    panels[0][0].set_ylabel(f"mean {label}")
    add_legend(panels[0][-1])
    return figure


def draw_regret(plt, rows, rate):
    """A panel per protection at one bit error rate: regret and its interval, a bar per ranking."""
    protections = unique(row["protection"] for row in rows)
    rows = [row for row in rows if row["ber"] == rate]
    middle = protections[len(protections) // 2]
    order = sorted((row for row in rows if row["protection"] == middle), key=lambda row: -row["regret"])
    names = [row["ranking"] for row in order]
    figure, panels = plt.subplots(1, len(protections), figsize=(2.4 + 2.7 * len(protections), 1.3 + 0.24 * len(names)),
                                  layout="constrained", sharey=True, squeeze=False)
    widths = [row["regret_high"] - row["regret_low"] for row in rows if row["regret_low"] is not None]
    step = min((width for width in widths if width > 0), default=1e-6)
    for axes, protection in zip(panels[0], protections):
        cells = {row["ranking"]: row for row in rows if row["protection"] == protection}
        for place, name in enumerate(names):
            cell = cells[name]
            is_best = cell["regret"] == 0
            axes.barh(place, cell["regret"], height=0.7, color="#2a7f62" if is_best else "#7a93b8", linewidth=0)
            if is_best:
                axes.plot(0, place, marker="*", color="#2a7f62", markersize=9, clip_on=False, zorder=4)
            elif cell["regret_low"] is not None:
                axes.hlines(place, cell["regret_low"], cell["regret_high"], color="black", linewidth=1.2)
        axes.set_xscale("symlog", linthresh=step)
        axes.set_xlim(left=0)  # nothing is better than the best; an interval may reach below
        axes.tick_params(axis="x", labelsize=7, rotation=45)
        axes.set_title(f"protected {percent(protection)}", fontsize=10)
        axes.grid(True, axis="x", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    panels[0][0].set_yticks(range(len(names)), [plain(name) for name in names], fontsize=8)
    what = "loss" if rows[0]["harm"] == "loss" else "squared distance of the outputs"
    figure.suptitle(f"regret of the mean {what} at bit error rate {percent(rate)}: above the best (star), with paired 95 % intervals",
                    fontsize=10)
    return figure


def plot(folder):
    """Draws everything and returns the files written."""
    league = read_filled(os.path.join(folder, "league.csv"), LEAGUE)
    pairs_file, target = os.path.join(folder, "pairs.csv"), os.path.join(folder, "plots")
    overlap = read_filled(os.path.join(folder, "overlap.csv"), OVERLAP)
    plt = pyplot()
    names = unique(row["ranking"] for row in league)
    style = styles(plt, names)
    figures = {}
    if len(names) > 1:
        figures["overlap"] = draw_overlap(plt, overlap, style)
        figures["radar"] = draw_radar(plt, read_filled(pairs_file, PAIRS), overlap[0]["baseline"])
    is_loss = league[0]["harm"] == "loss"
    figures["loss" if is_loss else "distance"] = draw_kept(
        plt, league, style, "mean_harm", "clean_harm", "loss" if is_loss else "squared distance of the outputs",
        lambda value, _: f"{value:g}")
    if league[0]["accuracy"] is not None:
        figures["accuracy"] = draw_kept(plt, league, style, "accuracy", "clean_accuracy", "accuracy", percent_label)
    for rate in unique(row["ber"] for row in league):
        figures[f"regret_ber_{rate:g}"] = draw_regret(plt, league, rate)
    written = []
    try:
        os.makedirs(target, exist_ok=True)
        for stem, figure in figures.items():
            if figure is not None:
                written += save_both(figure, target, stem)
                plt.close(figure)
    except OSError as error:
        raise PlotError(f"cannot write to {target}: {error.strerror or error}") from None
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", help="tables of a comparison (netsurf rank --compare)")
    arguments = parser.parse_args()
    return run("plot_compare", lambda: plot(arguments.folder))


if __name__ == "__main__":
    sys.exit(main())
