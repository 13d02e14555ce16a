"""Writes bridge/src/scan/data/torchscript-ops.json: what a TorchScript program may call.

    pip install torch torchvision && python scripts/scan-torchscript-ops.py --date 2026-11-24

From the operators that an installed PyTorch has: those of `aten` that only calculate, those of
`prim` that serialized code names, and the quantized ones. Left out by hand is what reads or writes
files, talks to others, calls Python, or trusts numbers as places in memory.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch
import torchvision  # noqa: F401 (it registers operators of its own)

LEFT_OUT = re.compile(
    r"^(save|from_file|load|set_data|set_|_?sparse_\w+_unsafe|_unsafe_(masked_)?index\w*|_test_\w+|rpc_\w+|.*(python|_file)\w*)$",
    re.IGNORECASE,
)
PRIM = [
    "RaiseException",
    "Print",
    "unchecked_cast",
    "unchecked_unwrap_optional",
    "data",
    "device",
    "dtype",
    "grad",
    "id",
    "index",
    "is_cpu",
    "is_cuda",
    "is_meta",
    "is_mkldnn",
    "is_mps",
    "is_nested",
    "is_quantized",
    "is_sparse",
    "is_sparse_csr",
    "is_xla",
    "is_xpu",
    "itemsize",
    "layout",
    "max",
    "min",
    "abs",
    "name",
    "nbytes",
    "rangelist",
    "requires_grad",
    "tolist",
    "type",
    "NumToTensor",
    "shape",
]
OTHERS = re.compile(r"^(?!.*(load|save|file|read|write|cuda_version)).*$")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--date", required=True)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).resolve().parent.parent
        / "bridge/src/scan/data/torchscript-ops.json",
    )
    args = parser.parse_args()
    names: dict[str, set[str]] = {}
    for schema in torch._C._jit_get_all_schemas():
        space, name = schema.name.split("::")
        names.setdefault(space, set()).add(name)
    ops = {
        "aten": sorted(name for name in names["aten"] if not LEFT_OUT.match(name)),
        "prim": sorted(PRIM),
        "quantized": sorted(name for name in names.get("quantized", ()) if OTHERS.match(name)),
        "torchvision": sorted(name for name in names.get("torchvision", ()) if OTHERS.match(name)),
    }
    args.out.write_text(
        json.dumps(
            {"date": args.date, "torch": torch.__version__.split("+")[0], "ops": ops}, indent=1
        )
        + "\n"
    )
    print({space: len(found) for space, found in ops.items()})


if __name__ == "__main__":
    main()
