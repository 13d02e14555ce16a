"""Writes bridge/src/scan/data/generated.json from the libraries that are installed here.

    python -m venv /tmp/v && /tmp/v/bin/pip install numpy scipy scikit-learn pandas xgboost-cpu lightgbm
    /tmp/v/bin/python scripts/scan-allowlist.py --version 2026.11.1

Every class of these libraries is imported and looked at (nothing of it is called):

inert       its whole ancestry brings no code of its own that loading would run (__new__, __setstate__, __reduce__,
            __del__, __getattr__, __setattr__, __init_subclass__ of others than the bases named in TRUSTED below),
            so NEWOBJ without arguments and BUILD only fill its __dict__
inertDicts  the same, and it is a dict
named       types and functions of numpy that models name as data and that loading never calls
review      what runs code of its own while loading: an approver decides

Only the module in which a class is defined counts, by the exact name under which a pickler would write it.
The result is read by a person before it is committed: the diff is the review.
"""
from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import sys
import warnings
from pathlib import Path

LIBRARIES = {"numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "pandas": "pandas", "xgboost-cpu": "xgboost", "lightgbm": "lightgbm"}
SKIPPED = re.compile(
    r"(^|\.)(_?tests?|_?testing|conftest|externals|_?vendor(ed)?|f2py|distutils|_pytest|_array_api|array_api\w*|_lib|io|datasets|"
    r"distributed|dask|spark|collective|tracker|plotting|_?plot\w*|setup|_build_utils|_config|util|typing|_typing)(\.|$)"
)
SKIPPED_NAME = re.compile(r"(Error|Exception|Warning|Display|Mixin|Protocol|TestCase)$")
LOADING = ("__new__", "__setstate__", "__reduce__", "__reduce_ex__", "__del__", "__getattr__", "__getattribute__", "__setattr__", "__getnewargs__",
           "__getnewargs_ex__", "__getinitargs__")
# these methods were read: they check a version and update __dict__
TRUSTED = {("sklearn.base", "BaseEstimator"): {"__setstate__"}, ("sklearn.utils._bunch", "Bunch"): {"__setstate__", "__setattr__", "__getattr__"},
           ("scipy.sparse._coo", "coo_matrix"): {"__setstate__"}, ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"): {"__setstate__"}}
BUILTIN_BASES = {object, dict}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "bridge/src/scan/data/generated.json")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    tables: dict[str, dict[str, set[str]]] = {"inert": {}, "inertDicts": {}, "named": {}, "review": {}}
    for package in LIBRARIES.values():
        for module in modules(package):
            for name, value in vars(module).items():
                if inspect.isclass(value) and value.__module__ == module.__name__ and value.__qualname__ == name and not SKIPPED_NAME.search(name):
                    tables[standing(value)].setdefault(module.__name__, set()).add(name)
    add_numpy_names(tables["named"])
    result = {
        "version": args.version,
        "date": args.date,
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        **{table: {module: sorted(names) for module, names in sorted(entries.items())} for table, entries in tables.items()},
    }
    args.out.write_text(render(result))
    print({table: sum(map(len, entries.values())) for table, entries in tables.items()})


def modules(package: str):
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=lambda name: None):
        if SKIPPED.search(info.name.removeprefix(f"{package}.")):
            continue
        try:
            yield importlib.import_module(info.name)
        except BaseException as error:  # some modules need what is not installed; they are then not on the list
            print(f"left out {info.name}: {type(error).__name__}", file=sys.stderr)


def standing(cls: type) -> str:
    for base in cls.__mro__:
        if base in BUILTIN_BASES:
            continue
        if not base.__flags__ & (1 << 9):  # not a heap type: made in C, its loading cannot be read here
            return "review"
        code = {name for name in LOADING if name in vars(base)}
        if code - TRUSTED.get((base.__module__, base.__qualname__), set()):
            return "review"
        if base.__module__.split(".")[0] not in LIBRARIES.values() and base.__module__ not in ("abc", "typing", "collections.abc"):
            return "review"
    return "inertDicts" if issubclass(cls, dict) else "inert"


def add_numpy_names(named: dict[str, set[str]]) -> None:
    """Scalar types, dtype classes, and ufuncs with a few plain functions under the names that picklers write."""
    import numpy as np

    scalars = {cls.__name__ for cls in np.sctypeDict.values()} | {"bool_", "str_", "bytes_", "object_", "void", "float_", "complex_", "unicode_", "string_",
               "longlong", "ulonglong", "intc", "uintc", "intp", "uintp", "half", "single", "double", "longdouble", "generic", "number", "integer", "floating",
               "inexact", "signedinteger", "unsignedinteger", "complexfloating", "flexible", "character"}
    ufuncs = {name for name, value in vars(np).items() if isinstance(value, np.ufunc) and value.__name__ == name}
    functions = {"mean", "median", "average", "std", "var", "sum", "prod", "min", "max", "amin", "amax", "argmax", "argmin", "ravel", "reshape", "squeeze", "transpose", "zeros", "ones"}
    named.setdefault("numpy", set()).update(scalars, ufuncs, functions)
    for core in ("numpy.core._multiarray_umath", "numpy._core._multiarray_umath"):
        named.setdefault(core, set()).update(ufuncs)
    for core in ("numpy.core.fromnumeric", "numpy._core.fromnumeric"):
        named.setdefault(core, set()).update({"mean", "std", "var", "sum", "prod", "min", "max", "amin", "amax", "argmax", "argmin", "ravel", "reshape", "squeeze", "transpose"})
    named.setdefault("numpy.dtypes", set()).update(name for name in vars(np.dtypes) if name.endswith("DType"))
    named.setdefault("scipy.special._ufuncs", set()).update({"expit", "logit", "erf", "erfc", "gamma", "gammaln"})


def render(result: dict) -> str:
    """One line a module, so that a diff shows what changed."""
    lines = ["{"]
    for key, value in result.items():
        if isinstance(value, dict) and key != "libraries":
            entries = [f"  {json.dumps(module)}: {json.dumps(names)}" for module, names in value.items()]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(entries) + "\n },")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)},")
    lines[-1] = lines[-1].rstrip(",")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    main()
