"""What the plotting scripts share: tables in, matplotlib, figures out."""

import csv
import math
import os
import sys

GREY = "#555555"


class PlotError(Exception):
    """Something the person can mend; shown as one line."""


def number(row, column, place):
    """The value of a column, or None where the table leaves it empty."""
    text = row[column]
    if text == "":
        return None
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise PlotError(f'{place}: column {column} holds "{text}"; expected a number')
    return value


def read_table(path, columns, texts, origin, filled=()):
    """The rows as dictionaries of these columns: `texts` as they are, the others as numbers or None where a field is empty,
    which those that are `filled` may not be. `origin` says what makes such tables."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or [])]
            if missing:
                raise PlotError(f"{path}: no column {missing[0]}; expected a {origin}")
            rows = []
            for line, row in enumerate(reader, start=2):
                place = f"{path}: line {line}"
                if None in row or None in row.values():
                    raise PlotError(f"{place} has another number of fields than the header")
                rows.append({column: row[column] if column in texts else number(row, column, place) for column in columns})
                absent = [column for column in filled if rows[-1][column] is None]
                if absent:
                    raise PlotError(f"{place} has no {absent[0]}")
    except FileNotFoundError:
        raise PlotError(f"no such file: {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlotError(f"cannot read {path}: {error}") from None
    return rows


def plain(text):
    """Text that matplotlib shall not read as mathematics."""
    return text.replace("$", r"\$")


def percent(fraction):
    return f"{100 * fraction:g} %"


def percent_label(value, _):
    """Tick label of an axis of shares."""
    return percent(round(value, 9))


def pyplot():
    """matplotlib without a screen, set so that the same table gives the same file."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        raise PlotError("matplotlib is not installed for this Python; on Debian: apt install python3-matplotlib") from None
    plt.rcParams.update({"svg.hashsalt": "netsurf", "font.size": 10, "font.family": "DejaVu Sans"})
    return plt


def tidy(axes):
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def put_titles(axes, title, note):
    """A title, and below it a note in small grey letters."""
    axes.set_title(plain(title), loc="left", fontweight="bold", pad=32)
    text = axes.annotate(plain(note), (0, 1), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points",
                         fontsize=8.5, color=GREY, va="bottom", linespacing=1.3)
    # Otherwise a long note pushes the axes aside; the title's padding has made room for it.
    text.set_in_layout(False)


def protection_colors(plt, count):
    """Dark to bright as protection grows: viridis, which colour-blind people can read, without its palest end."""
    return [plt.get_cmap("viridis")(0.88 * i / max(count - 1, 1)) for i in range(count)]


def save(figure, path):
    """Writes the kind of file that the name's ending says, whole or not at all."""
    kind = os.path.splitext(path)[1].lstrip(".")
    temporary = f"{path}.tmp-{os.getpid()}"
    try:
        # No date, so that the same table gives the same file.
        figure.savefig(temporary, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def save_both(figure, folder, stem):
    """As PNG and SVG; the files written."""
    paths = [os.path.join(folder, f"{stem}.{kind}") for kind in ("png", "svg")]
    for path in paths:
        save(figure, path)
    return paths


def run(name, draw):
    """Prints the files that `draw()` wrote, one a line; exit status."""
    try:
        for path in draw():
            print(path)
    except PlotError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0
