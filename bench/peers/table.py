"""The comparison as Markdown, and putting it into a page between two marks."""

import os

BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"


class PageError(Exception):
    """Something the person can mend; shown as one line."""


def figure(value):
    """Three significant digits, thousands apart: 0.432, 48.6, 1,230."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def exponent(ber):
    return f"{float(ber):.0e}".replace("e-0", "e-")


def share_of_ceiling(cell, result):
    ceiling = result["ceiling_gmacs_per_core"]
    return f"{100 * cell['netsurf']['gmacs'] / ceiling / cell['threads']:.0f}" if ceiling else "-"


def rates(cell):
    """Trials per second of both sides, and their ratio."""
    return [figure(value) for value in (cell["torch"]["trials_per_second"], cell["netsurf"]["trials_per_second"], cell["ratio"])]


def rows(result):
    """One row per network, threads and bit error rate; the loss beside it, where it was measured."""
    for network in result["networks"].values():
        with_loss = {(cell["threads"], cell["ber"]): cell for cell in network["cells"] if cell["loss"]}
        for cell in (cell for cell in network["cells"] if not cell["loss"]):
            loss = with_loss.get((cell["threads"], cell["ber"]))
            yield (network["title"], cell["threads"], exponent(cell["ber"]), *rates(cell), figure(cell["netsurf"]["gmacs"]),
                   share_of_ceiling(cell, result), *(rates(loss) if loss else "---"))


def markdown(result, file_name):
    """The table and, above it, where and how it was measured."""
    processor, networks = result["processor"], list(result["networks"].values())
    paths = ", ".join(sorted({network["path"] for network in networks}))
    equal = min(network["check"]["clean_predictions_equal"] for network in networks)
    cells = [cell for network in networks for cell in network["cells"]]
    busy = min(cell[side]["share_of_cores"] for cell in cells for side in ("torch", "netsurf"))
    ceiling = result["ceiling_gmacs_per_core"]
    lines = [
        f"{result['date']}, {processor['model']}, {processor['cores']} processors ({', '.join(processor['flags']) or 'no vector flags'}); "
        f"NetSurf {paths}, {networks[0]['compiler']}; torch {result['torch']} on {result['blas']}. Each round {result['seconds_per_round']:g} s or "
        f"longer, medians of {result['rounds']} in turns. Processors {100 * result['busy_before']:.0f} % busy before; also "
        f"running: {result['also_running']}; a side had at least {100 * busy:.0f} % of its cores. Clean predictions equal for {100 * equal:g} % of the samples. Ceiling of one core: "
        f"{f'{ceiling:,.0f} GMAC/s' if ceiling else 'not measured'}. All figures: bench/results/{file_name}.",
        "",
        "| network | threads | BER | torch trials/s | NetSurf trials/s | ratio | GMAC/s | % of ceiling | with loss: torch | NetSurf | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join(lines + ["| " + " | ".join(str(value) for value in row) + " |" for row in rows(result)])


def replace_in(page, text):
    """Puts `text` between the marks of a page."""
    try:
        with open(page, encoding="utf-8") as file:
            old = file.read()
        begin, end = old.index(BEGIN) + len(BEGIN), old.index(END)
    except OSError as error:
        raise PageError(f"cannot read {page}: {error.strerror}") from None
    except ValueError:
        raise PageError(f"{page} has no lines {BEGIN} and {END} to put the table between") from None
    temporary = f"{page}.tmp-{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(f"{old[:begin]}\n\n{text}\n\n{old[end:]}")
    os.replace(temporary, page)
