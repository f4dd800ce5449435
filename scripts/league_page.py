"""The league table as Markdown, from the tables that `netsurf rank --compare` leaves. Called by scripts/league."""

import csv
import datetime
import math
import os
import statistics

BEGIN, END = "<!-- league: begin -->", "<!-- league: end -->"
RIVALS = ("random", "bitwise_msb", "weight_abs_value", "hessian", "fkeras")
CURVATURE = "curvature"  # global h d^2 / 2
AIM = ("0.2", "0.01")  # protection and bit error rate that the goal is set at


class PageError(Exception):
    """Something the person can mend; shown as one line."""


def rows_of(path):
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise PageError(f"no such file: {path}; run scripts/league without --page_only") from None
    if not rows:
        raise PageError(f"{path}: no rows")
    return rows


def value(row, column):
    return float(row[column]) if row.get(column) else None


def machine():
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    count = os.cpu_count() or 1
    return f"{model}, {count} processor{'s' if count > 1 else ''}"


class Table:
    """The rows of one network."""

    def __init__(self, network, folder):
        place = os.path.join(folder, network.name, "compare")
        self.network = network
        self.rows = rows_of(os.path.join(place, "league.csv"))
        oracle = os.path.join(place, "oracle.csv")
        self.oracle = rows_of(oracle) if os.path.exists(oracle) else []
        self.cells = list(dict.fromkeys((row["protection"], row["ber"]) for row in self.rows))
        self.rankings = list(dict.fromkeys(row["ranking"] for row in self.rows))
        self.at = {(row["ranking"], row["protection"], row["ber"]): row for row in self.rows}
        self.first = self.rows[0]
        if AIM not in self.cells:
            raise PageError(f"{place}: no cell at protection {AIM[0]} and BER {AIM[1]}")
        self.is_loss = self.first["harm"] == "loss"
        self.unit = self.unit_of_harm()

    def unit_of_harm(self):
        """A power of ten that makes most half-widths about a tenth."""
        if self.is_loss:
            return 1e-3
        halves = [(value(row, "regret_high") - value(row, "regret_low")) / 2 for row in self.rows if row["regret_low"]]
        halves = [half for half in halves if half > 0]
        return 10.0 ** math.ceil(math.log10(statistics.median(halves))) if halves else 1.0

    def damage(self, ranking):
        """The row of the oracle by loss, or by distance where there is none."""
        for kind in ("loss", "distance"):
            for row in self.oracle:
                if row["damage"] == kind and row["ranking"] == ranking:
                    return row
        return None

    def sorted(self):
        return sorted(self.rankings, key=lambda name: value(self.at[name, *AIM], "mean_harm"))

    def best(self):
        return [name for name in self.rankings if value(self.at[name, *AIM], "regret") == 0]


def number(text):
    """Three digits that count, never as a power of ten."""
    if text == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(text))))
    return f"{text:.{min(digits, 4)}f}"


def with_interval(mean, low, high, unit, is_best):
    if is_best:
        return "**best**"
    if low is None:
        return f"{number(mean / unit)} (no interval)"
    half = (high - low) / 2 / unit
    if half <= 0:
        return number(mean / unit)
    digits = min(4, max(0, 1 - math.floor(math.log10(half))))  # two that count of the half-width
    return f"{mean / unit:.{digits}f} ± {half:.{digits}f}"


def percent(text):
    return f"{100 * float(text):g} %"


def seconds(text):
    return f"{float(text):.2g}" if float(text) < 10 else f"{float(text):.0f}"


def regret_row(table, name, column, unit):
    cells = []
    for protection, ber in table.cells:
        row = table.at[name, protection, ber]
        low, high = value(row, f"{column}_low"), value(row, f"{column}_high")
        cells.append(with_interval(value(row, column), low, high, unit, value(row, column) == 0))
    return cells


def best_row(table, column, unit, text):
    """What the best of each cell loses: the zero that regret is counted from."""
    cells = []
    for protection, ber in table.cells:
        values = [value(table.at[name, protection, ber], column) for name in table.rankings]
        best = min(values) if column == "mean_harm" else max(values)
        cells.append(text(best / unit))
    return cells


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def designs(table):
    by_rate = {row["ber"]: (row["design"], row["trials"]) for row in table.rows}
    return ", ".join(f"{trials} {design} trials at BER {rate}" for rate, (design, trials) in by_rate.items())


def section(table):
    first = table.first
    what = "loss" if table.is_loss else "squared distance of the outputs"
    lines = [f"### {table.network.title}", ""]
    facts = [f"{int(first['bits']):,} bits, {int(first['samples']):,} test samples"]
    clean = [f"loss {float(first['clean_harm']):.4f}"] if table.is_loss else []
    if first["clean_accuracy"]:
        clean.append(f"accuracy {100 * float(first['clean_accuracy']):.2f} %")
    if clean:
        facts.append("without faults " + " and ".join(clean))
    facts.append(designs(table))
    if table.oracle:
        measured, bits = int(table.oracle[0]["measured_bits"]), int(table.oracle[0]["bits"])
        facts.append("oracle of every bit" if measured == bits else f"oracle of {measured:,} bits, drawn at random")
    unit = "10^-3" if table.is_loss else f"{table.unit:g}"
    lines += ["; ".join(facts) + ".", "", f"Regret of the mean {what}, in units of {unit}:", ""]
    columns = [f"{percent(p)}, {b}" for p, b in table.cells]
    rows = [["*of the best*", "", "", "", *best_row(table, "mean_harm", table.unit, number)]]
    for name in table.sorted():
        damage = table.damage(name)
        oracle = [f"{float(damage['area']):.3f}", f"{float(damage['recall']):.2f}"] if damage else ["-", "-"]
        rows.append([f"`{name}`", seconds(table.at[name, *AIM]["seconds"]), *oracle, *regret_row(table, name, "regret", table.unit)])
    lines += markdown(["ranking", "time s", "area", "top 1 %", *columns], rows)
    if first["accuracy"]:
        rows = [["*of the best, %*", *best_row(table, "accuracy", 0.01, lambda share: f"{share:.2f}")]]
        rows += [[f"`{name}`", *regret_row(table, name, "accuracy_regret", 0.01)] for name in table.sorted()]
        lines += ["", "Regret of the mean accuracy, in percentage points:", ""] + markdown(["ranking", *columns], rows)
    return lines + [""]


def over_default(table, name, cell):
    """Harm above the default's and its interval; None where the ranking is not there."""
    row = table.at.get((name, *cell))
    if row is None:
        return None
    return value(row, "harm_over_baseline"), value(row, "harm_over_baseline_low"), value(row, "harm_over_baseline_high")


def summary(tables, default):
    names = [name for name in RIVALS + (CURVATURE,) if name != default]
    rows = []
    for table in tables:
        row = [table.network.title.split(" (")[0], ", ".join(f"`{name}`" for name in table.best())]
        own = table.at[default, *AIM]
        row.append(with_interval(value(own, "regret"), value(own, "regret_low"), value(own, "regret_high"), table.unit,
                                 value(own, "regret") == 0))
        for name in names:
            over = over_default(table, name, AIM)
            row.append("-" if over is None else with_interval(*over, table.unit, False))
        rows.append(row)
    lines = [f"Mean harm at {percent(AIM[0])} protection and BER {AIM[1]}: the regret of `{default}`, and how far others are above it.", ""]
    lines += markdown(["network", "best", f"regret of `{default}`", *(f"`{name}` above it" for name in names)], rows) + [""]
    wins = sum(default in table.best() for table in tables)
    ties = [value(table.at[default, *AIM], "regret_low") for table in tables if default not in table.best()]
    ties = sum(low is not None and low <= 0 for low in ties)
    lines.append(f"* `{default}` has the least harm on {wins} of {len(tables)} networks"
                 + (f", and its interval reaches the best on {ties} more." if wins < len(tables) else "."))
    for name in names:
        known = [(table, over_default(table, name, AIM)) for table in tables]
        clear = sum(over is not None and over[1] is not None and over[1] > 0 for _, over in known)
        lines.append(f"* Clear of zero against `{name}` on {clear} of {len(tables)}.")
    if default != CURVATURE:
        worse = []
        for table in tables:
            for cell in table.cells:
                over = over_default(table, CURVATURE, cell)
                if over is not None and over[2] is not None and over[2] < 0:
                    worse.append(f"{table.network.name} at {percent(cell[0])}, BER {cell[1]} ({number(-over[0] / table.unit)})")
        count = sum(len(table.cells) for table in tables)
        lines.append(f"* Worse than `{CURVATURE}` by more than the interval in {len(worse)} of {count} cells"
                     + (": " + "; ".join(worse) if worse else "") + ". One in forty would be by chance.")
    return lines + [""]


def write_page(networks, folder, default, page, note):
    """Rewrites the tables of the page between its marks; prints them where no page is named."""
    tables = [Table(network, folder) for network in networks]
    for table in tables:
        if table.first["baseline"] != default:
            raise PageError(f"{table.network.name} was compared against {table.first['baseline']}, not {default}; run scripts/league again "
                            f"without --page_only, or with --default {table.first['baseline']}")
    made = f"{datetime.date.today().isoformat()}, {machine()}" + (f"; {note}" if note else "") + "."
    lines = [made, ""] + summary(tables, default)
    for table in tables:
        lines += section(table)
    text = "\n".join(lines)
    if page is None:
        print(text)
        return
    try:
        with open(page, encoding="utf-8") as file:
            old = file.read()
    except OSError as error:
        raise PageError(f"cannot read {page}: {error.strerror}") from None
    if BEGIN not in old or END not in old.split(BEGIN, 1)[1]:
        raise PageError(f"{page} has no marks {BEGIN} and {END} to write between")
    head, rest = old.split(BEGIN, 1)
    temporary = f"{page}.tmp-{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(f"{head}{BEGIN}\n\n{text}\n{END}{rest.split(END, 1)[1]}")
        os.replace(temporary, page)
    except OSError as error:
        raise PageError(f"cannot write {page}: {error.strerror}") from None
