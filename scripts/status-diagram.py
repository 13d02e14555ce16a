"""Writes docs/statuses.md from the addon's table of transitions. `--check` only says whether it is
up to date.
"""

import importlib
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "odoo_addon/creativeflow_mlops/domain/transitions.py"
TARGET = ROOT / "docs/statuses.md"


def main():
    # `domain` is a package of its own without Odoo, as its tests have it
    sys.path.insert(0, str(TABLE.parents[1]))
    sys.dont_write_bytecode = True
    table = importlib.import_module("domain.transitions")
    source = TABLE.relative_to(ROOT)
    lines = [
        "# Statuses of a version",
        "",
        f"Generated from `{source}` by `scripts/status-diagram.py`.",
        "",
    ]
    lines += ["```mermaid", "stateDiagram-v2", "  [*] --> Validating: register_version"]
    for name, one in table.TRANSITIONS.items():
        lines += [f"  {status} --> {one.target}: {name}" for status in one.sources]
    lines += [
        "  Archived --> [*]",
        "```",
        "",
        "| transition | from | to | who | when |",
        "|---|---|---|---|---|",
    ]
    for name, one in table.TRANSITIONS.items():
        lines.append(
            f"| `{name}` | {', '.join(one.sources)} | {one.target} | {', '.join(one.who)} | "
            f"{one.when} |"
        )
    text = "\n".join(lines) + "\n"
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text() != text:
            sys.exit(
                "docs/statuses.md is not what the table says. Run: python3 "
                "scripts/status-diagram.py"
            )
        return
    TARGET.write_text(text)


main()
