import ast
import unittest
from pathlib import Path

ADDON = Path(__file__).parents[2] / "creativeflow_mlops"


def imports_of(path):
    """Top-level names of what a module imports; relative ones as "."."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level if node.level else node.module.split(".")[0]


def model_classes(path):
    """Names of the Odoo models that a file defines or extends."""
    return [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(line, ast.Assign) and line.targets[0].id in ("_name", "_inherit")
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        )
    ]


class TestLayout(unittest.TestCase):
    def test_the_domain_imports_nothing_of_odoo_and_nothing_outside_itself(self):
        for path in sorted((ADDON / "domain").glob("*.py")):
            with self.subTest(path=path.name):
                self.assertFalse(set(imports_of(path)) & {"odoo", "..", "..."})

    def test_a_file_holds_one_model_at_most(self):
        files = [*(ADDON / "models").rglob("*.py"), *(ADDON / "wizards").rglob("*.py")]
        self.assertGreater(len(files), 50)
        for path in sorted(files):
            with self.subTest(path=str(path.relative_to(ADDON))):
                self.assertLessEqual(len(model_classes(path)), 1)
