"""Writes bridge/src/scan/data/tflite-tables.json: the tables of a TensorFlow Lite file, from the
accessors that the installed TensorFlow brings.

    python scripts/scan-tflite-tables.py        # pip install tensorflow-cpu

A table is its fields in the order of the vtable, `name type` each: a number (`i32`), `string`,
`[type]`, `Table`, or `{Union}`, whose type number is the field before it. `""`: a place that is no
longer used.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

OUT = Path(__file__).resolve().parent.parent / "bridge/src/scan/data/tflite-tables.json"
NUMBERS = {
    "Bool": "u8",
    "Int8": "i8",
    "Uint8": "u8",
    "Int16": "i16",
    "Uint16": "u16",
    "Int32": "i32",
    "Uint32": "u32",
    "Int64": "i64",
    "Uint64": "u64",
    "Float32": "f32",
    "Float64": "f64",
}
UNIONS = {
    ("Operator", "BuiltinOptions"): "BuiltinOptions",
    ("Operator", "BuiltinOptions2"): "BuiltinOptions2",
    ("DimensionMetadata", "ArraySegments"): "SparseIndexVector",
    ("DimensionMetadata", "ArrayIndices"): "SparseIndexVector",
    ("QuantizationParameters", "Details"): "QuantizationDetails",
}
# one whose name hides it from us, and one that old files have and no accessor is made for
HIDDEN = {("ExternalBuffer", 3): "length u64", ("SignatureDef", 3): "deprecated_tag string"}


def main() -> None:
    tables = {
        name: fields(name, table)
        for name, table in vars(schema).items()
        if inspect.isclass(table) and hasattr(table, "GetRootAs")
    }
    unions = {name: members(getattr(schema, name)) for name in sorted(set(UNIONS.values()))}
    enums = {
        "BuiltinOperator": members(schema.BuiltinOperator),
        "TensorType": members(schema.TensorType),
    }
    rows = [
        f'  "{section}": {{\n'
        + ",\n".join(
            f"   {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()
        )
        + "\n  }"
        for section, content in (("tables", tables), ("unions", unions), ("enums", enums))
    ]
    OUT.write_text(f'{{\n "library": "tensorflow {tf.__version__}",\n' + ",\n".join(rows) + "\n}\n")


def fields(name: str, table: type) -> list[str]:
    found: dict[int, str] = {}
    for method, function in vars(table).items():
        if (
            not inspect.isfunction(function)
            or method in ("Init",)
            or method.endswith(("AsNumpy", "Length", "IsNone"))
        ):
            continue
        source = inspect.getsource(function)
        slot = re.search(r"self\._tab\.Offset\((\d+)\)", source)
        if slot is not None:
            found[(int(slot[1]) - 4) // 2] = f"{snake(method)} {kind(name, method, source)}"
    found |= {slot: text for (owner, slot), text in HIDDEN.items() if owner == name}
    return [found.get(i, "") for i in range(max(found) + 1)] if found else []


def kind(table: str, method: str, source: str) -> str:
    if "_tab.Union(" in source:
        return f"{{{UNIONS[table, method]}}}"
    number = re.search(r"_tab\.Get\(flatbuffers\.number_types\.(\w+)Flags", source)
    other = re.search(r"obj = (\w+)\(\)", source)
    one = NUMBERS[number[1]] if number else other[1] if other else "string"
    return f"[{one}]" if "_tab.Vector(o)" in source else one


def members(enum: type) -> dict[str, int]:
    return {name: value for name, value in vars(enum).items() if isinstance(value, int)}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    main()
