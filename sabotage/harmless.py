"""What must raise no alarm: changes that a static tool may take for a hole, and no change at all."""

from pathlib import Path

from sabotage.fault import FAULTS, SQL, Fault, sql_fault

FEATURES = Path(__file__).parents[1] / "features"

ROWS_OF_STRANGERS = "features/rls.feature"

for _path in sorted(FEATURES.glob("*.feature")):
    _name = f"clean-{_path.stem}"
    FAULTS[_name] = Fault(_name, "Nothing is wrong.", caught_by=(), within=f"features/{_path.name}", area="clean")

for _path in sorted(SQL.glob("harmless-*.sql")):
    _change = _path.stem.removeprefix("harmless-").replace("-", " ")
    sql_fault(_path.stem, f"Harmless: {_change}.", caught_by=[], within=ROWS_OF_STRANGERS)
