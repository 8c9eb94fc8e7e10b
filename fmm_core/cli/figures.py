"""Figures of a run as a terminal shows them."""

from rich.console import Console
from rich.table import Table

from fmm_core.runs.store import RunFolder
from fmm_core.runs.tables import WEIGHTS


def show_leakage(run: RunFolder, console: Console) -> None:
    """The strongest attacker on what a model stores or shows, or else on the data."""
    leakage = run.table("audit/leakage.csv")
    rows = leakage[(leakage.attacker == "strongest") & (leakage.metric == "auc")]
    stored = rows[rows.phase != "data"]
    columns = ("read from", "attribute", "phase", "people", "AUC", "95 % interval", "p, adjusted", "verdict")
    figures = Table(*columns, box=None)
    for row in (rows if stored.empty else stored).itertuples():
        place = f"{row.representation} {row.modality}".strip().replace("_", " ")
        interval = f"{row.ci_low:.3f} to {row.ci_high:.3f}"
        p = _p(row.p_adjusted if row.p_max_t != row.p_max_t else row.p_max_t)
        figures.add_row(place, row.attribute, row.phase, row.users, f"{row.value:.3f}", interval, p, row.verdict)
    console.print(figures)


def _p(value: float) -> str:
    """A p-value; nothing where there is none, as for people who are part of everyone."""
    if value != value:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def show_weights(run: RunFolder, key: str, console: Console) -> None:
    """What one set of weights of `audit/weights.csv` leaves."""
    table = run.table(WEIGHTS)
    rows = table[table["weights"] == key]
    figures = Table("attribute", "AUC", "95 % interval", box=None)
    for row in rows[rows["kind"] == "strongest"].itertuples():
        figures.add_row(row.attribute, f"{row.value:.3f}", f"{row.ci_low:.3f} to {row.ci_high:.3f}")
    console.print(figures)
    console.print(f"Recall@20 kept: {rows.loc[rows['kind'] == 'kept', 'value'].iloc[0]:.1%}")
