"""Lets the rules be tested without Odoo: `domain` is a package of its own there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "creativeflow_mlops"))
