"""One table of several reports over one stream: who finds how much at which budget, per attacker family."""

from collections.abc import Mapping, Sequence

from kuraban.evaluate.report import Detection, Report

OVERALL = "overall"


def _cell(found: Detection | None) -> str:
    if found is None or found.recall.share is None or found.in_time.share is None:
        return "–"
    return f"{100 * found.recall.share:.0f} / {100 * found.in_time.share:.0f}"


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, rule, *rows))


def _detections(report: Report, budget: float) -> dict[str, Detection]:
    found = {part.budget: part for part in report.budgets}[budget]
    return {OVERALL: found.overall, **found.families}


def markdown(reports: Mapping[str, Report], budget: float) -> str:
    """A Markdown table: a row a method, a column a family; each cell «recall / in time» in per cent.

    `reports` maps a method's name to its report, all over the same stream. Raises KeyError for a budget that was not
    evaluated.
    """
    found = {name: _detections(report, budget) for name, report in reports.items()}
    totals = {column: cell.recall.total for cells in found.values() for column, cell in cells.items()}
    head = ["method", *(f"{column} (n = {total})" for column, total in totals.items())]
    return _lines(head, [[name, *(_cell(cells.get(column)) for column in totals)] for name, cells in found.items()])


def operating_points(reports: Mapping[str, Report], least: str = "challenge") -> str:
    """A Markdown table of each method's own operating point: what it touches of innocent days, and what it finds."""
    rows = []
    for name, report in reports.items():
        point = {point.least: point for point in report.operating_points}[least]
        rows.append([name, f"{point.per_10k_days:.2f}", _cell(point.overall)])
    return _lines(["method", "innocent account-days touched per 10,000", "recall / in time, %"], rows)
