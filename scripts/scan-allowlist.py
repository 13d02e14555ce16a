"""Writes bridge/src/scan/data/generated.json from the libraries that are installed here.

    python -m venv /tmp/v && /tmp/v/bin/pip install numpy scipy scikit-learn pandas xgboost-cpu
    lightgbm torch torchvision transformers pytorch-lightning accelerate imbalanced-learn
    category_encoders feature-engine mlxtend statsmodels catboost
    /tmp/v/bin/python scripts/scan-allowlist.py --version 2026.11.2

Models outlive the versions that made them. With older versions in another environment:

    /tmp/old/bin/python scripts/scan-allowlist.py --version older --only sklearn scipy pandas --out
    /tmp/older.json
    /tmp/v/bin/python scripts/scan-allowlist.py --version 2026.11.2 --older /tmp/older.json

Where two versions of a class differ, the one that does more counts.

Every class of these libraries is imported and looked at (nothing of it is called):

inert its whole ancestry brings no code of its own that loading would run (__new__, __setstate__,
__reduce__,
            __del__, __getattr__, __setattr__, __init_subclass__ of others than the bases named in
            TRUSTED below),
            so NEWOBJ without arguments and BUILD only fill its __dict__ inertDicts the same, and it
            is a dict named types and functions of numpy and PyTorch that models name as data and
            that loading never calls enums they are made by a call with their value, a plain
            constant review what has code of its own that loading does not reach with anything but
            its state: an approver decides refused its __setstate__ or __del__ runs on whatever
            state the file gives it and was not read, or was and is dangerous
            (scipy.stats' distributions execute a text of theirs, numpy's DataSource deletes a
            folder of theirs)

Only the module in which a class is defined counts, by the exact name under which a pickler would
write it. The result is read by a person before it is committed: the diff is the review.
"""

from __future__ import annotations

import argparse
import datetime
import enum
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import sys
import warnings
from pathlib import Path

LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
    "pandas": "pandas",
    "xgboost-cpu": "xgboost",
    "lightgbm": "lightgbm",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "pytorch-lightning": "pytorch_lightning",
    "accelerate": "accelerate",
    "imbalanced-learn": "imblearn",
    "category_encoders": "category_encoders",
    "feature-engine": "feature_engine",
    "mlxtend": "mlxtend",
    "statsmodels": "statsmodels",
    "catboost": "catboost",
}
# of these the classes of older versions count too
OF_OLDER = ("sklearn.", "scipy.", "pandas.")
# of the large ones only what models consist of: the rest of them compiles, downloads and starts
# programs
ONLY = {
    "torch": [
        "torch.nn.modules",
        "torch.nn.parallel.data_parallel",
        "torch.nn.utils.weight_norm",
        "torch.nn.utils.spectral_norm",
        "torch.nn.utils.prune",
        "torch.optim",
        "torch.distributions",
        "torch.utils.data.dataset",
        "torch.ao.nn.quantized",
        "torch.ao.nn.intrinsic",
        "torch.ao.nn.qat",
        "torch.ao.nn.quantizable",
    ],
    "torchvision": [
        "torchvision.models",
        "torchvision.ops",
        "torchvision.transforms.transforms",
        "torchvision.transforms.autoaugment",
        "torchvision.transforms.functional",
        *(
            f"torchvision.transforms.v2._{name}"
            for name in (
                "augment",
                "auto_augment",
                "color",
                "container",
                "deprecated",
                "geometry",
                "meta",
                "misc",
                "temporal",
                "transform",
                "type_conversion",
            )
        ),
    ],
    "transformers": [
        "transformers.training_args",
        "transformers.training_args_seq2seq",
        "transformers.trainer_utils",
        "transformers.trainer_pt_utils",
        "transformers.debug_utils",
        "transformers.activations",
    ],
    "pytorch_lightning": ["pytorch_lightning.utilities.parsing"],
    "accelerate": [
        "accelerate.state",
        "accelerate.utils.dataclasses",
    ],  # what transformers' training_args.bin names
}
NEVER = re.compile(
    r"distributed|jit|hub|feature_extraction|lazy|_stateless|constraint_registry", re.IGNORECASE
)
SKIPPED = re.compile(
    r"(^|\.)(_?tests?|_?testing|conftest|externals|_?vendor(ed)?|f2py|distutils|_pytest|_array_api|array_api\w*|_lib|io|datasets|"
    r"distributed|dask|spark|collective|tracker|plotting|_?plot\w*|setup|_build_utils|_config|util|typing|_typing)(\.|$)"
)
TESTS = re.compile(
    r"(^|\.)(_?tests?|_?testing|_?testutils|conftest|f2py|distutils|_pytest|_precompute|cupy|dask|torch|spark|__main__)(\.|$)"
)
SKIPPED_NAME = re.compile(r"(Error|Exception|Warning|Display|Mixin|Protocol|TestCase)$")
LOADING = (
    "__new__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__del__",
    "__getattr__",
    "__getattribute__",
    "__setattr__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__getinitargs__",
)
# these methods were read: they check a version and update __dict__
TRUSTED = {
    ("sklearn.base", "BaseEstimator"): {"__setstate__"},
    ("sklearn.utils._bunch", "Bunch"): {"__setstate__", "__setattr__", "__getattr__"},
    ("scipy.sparse._coo", "coo_matrix"): {"__setstate__"},
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"): {"__setstate__"},
    ("sklearn.isotonic", "IsotonicRegression"): {"__setstate__"},
    ("sklearn.frozen._frozen", "FrozenEstimator"): {"__getattr__", "__setattr__"},
    ("sklearn.utils._metadata_requests", "MetadataRequest"): {"__getattr__"},
    ("numpy.polynomial._polybase", "ABCPolyBase"): {"__setstate__"},
    ("scipy.interpolate._rbfinterp", "RBFInterpolator"): {"__setstate__"},
    ("torch.nn.modules.module", "Module"): {"__setstate__", "__getattr__", "__setattr__"},
    ("torch.nn.modules.rnn", "RNNBase"): {"__setstate__", "__setattr__"},
    ("torch.nn.modules.conv", "_ConvNd"): {"__setstate__"},
    **{
        ("torch.nn.modules.activation", name): {"__setstate__"}
        for name in ("MultiheadAttention", "Softmax", "Softmin", "LogSoftmax")
    },
    **{
        ("torch.nn.modules.transformer", name): {"__setstate__"}
        for name in ("TransformerEncoderLayer", "TransformerDecoderLayer")
    },
    ("torch.nn.modules.upsampling", "Upsample"): {"__setstate__"},
    ("torch.nn.modules.pooling", "AvgPool3d"): {"__setstate__"},
    ("torch.optim.optimizer", "Optimizer"): {"__setstate__"},
    ("lightning_fabric.utilities.data", "AttributeDict"): {"__getattr__", "__setattr__"},
    ("accelerate.state", "PartialState"): {"__getattr__"},
    ("scipy.sparse._base", "spmatrix"): {"__getattr__"},
    **{
        (f"torch.optim.{name.lower()}", name): {"__setstate__"}
        for name in (
            "Adadelta",
            "Adagrad",
            "Adam",
            "AdamW",
            "Adamax",
            "ASGD",
            "NAdam",
            "RAdam",
            "RMSprop",
            "Rprop",
            "SGD",
        )
    },
}
# these were read too: their state is bytes for a parser in C++, and nothing else of it is called
NATIVE = {
    ("catboost.core", name)
    for name in ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
}
BUILTIN_BASES = {object, dict}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).resolve().parent.parent / "bridge/src/scan/data/generated.json",
    )
    parser.add_argument("--only", nargs="*", default=list(LIBRARIES.values()), metavar="PACKAGE")
    parser.add_argument(
        "--older",
        type=Path,
        nargs="*",
        default=[],
        help="what this script wrote under older versions",
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    tables: dict[str, dict[str, set[str]]] = {
        "inert": {},
        "inertDicts": {},
        "named": {},
        "review": {},
        "refused": {},
        "enums": {},
    }
    for package in args.only:
        for module, read in modules(package):
            for name, value in vars(module).items():
                if (
                    inspect.isclass(value)
                    and value.__module__ == module.__name__
                    and module.__name__.split(".")[0] == package
                    and value.__qualname__ == name
                    and not SKIPPED_NAME.search(name)
                ):
                    kind = standing(value)
                    if read or kind == "refused":
                        tables[kind].setdefault(module.__name__, set()).add(name)
    add_numpy_names(tables["named"])
    if "torch" in args.only:
        add_torch_names(tables["named"])
    add_metrics(tables["named"])
    for path in args.older:
        add_older(tables, json.loads(path.read_text()))
    result = {
        "version": args.version,
        "date": args.date,
        "libraries": {
            name: importlib.metadata.version(name)
            for name, package in LIBRARIES.items()
            if package in args.only
        },
        **{
            table: {module: sorted(names) for module, names in sorted(entries.items())}
            for table, entries in tables.items()
        },
    }
    args.out.write_text(render(result))
    print({table: sum(map(len, entries.values())) for table, entries in tables.items()})


def add_older(tables: dict[str, dict[str, set[str]]], older: dict) -> None:
    """A pair that has gone since then comes with its standing of then; of one that was always there
    the stricter counts.
    """
    stricter = ("inert", "inertDicts", "review", "refused")
    for table in (*stricter, "enums"):
        for module, names in older[table].items():
            for name in names if module.startswith(OF_OLDER) else ():
                now = next(
                    (kind for kind, entries in tables.items() if name in entries.get(module, ())),
                    None,
                )
                if (
                    now is None
                    or now in stricter
                    and table in stricter
                    and stricter.index(table) > stricter.index(now)
                ):
                    if now is not None:
                        tables[now][module].discard(name)
                    tables[table].setdefault(module, set()).add(name)


def modules(package: str):
    for root in ONLY.get(package, [package]):
        module = importlib.import_module(root)
        yield module, True
        for info in pkgutil.walk_packages(
            getattr(module, "__path__", []), f"{root}.", onerror=lambda name: None
        ):
            name = info.name[len(package) + 1 :]
            if TESTS.search(name) or package in ONLY and NEVER.search(name):
                continue
            try:
                yield importlib.import_module(info.name), not SKIPPED.search(name)
            except (
                BaseException
            ) as error:  # some modules need what is not installed; they are then not on the list
                print(f"left out {info.name}: {type(error).__name__}", file=sys.stderr)


def standing(cls: type) -> str:
    if (cls.__module__, cls.__qualname__) in NATIVE:
        return "review"
    if issubclass(cls, enum.Enum):
        return (
            "enums"
            if len(cls) > 0
            and all(isinstance(member.value, (str, int, float)) for member in cls)
            and harmless_lookup(cls)
            else "review"
        )
    if any(
        inspect.isfunction(vars(base).get(name))
        and name not in TRUSTED.get((base.__module__, base.__qualname__), set())
        for base in cls.__mro__
        for name in ("__setstate__", "__del__")
    ):
        return "refused"
    for base in cls.__mro__:
        if base in BUILTIN_BASES:
            continue
        if not base.__flags__ & (
            1 << 9
        ):  # not a heap type: made in C, its loading cannot be read here
            return "review"
        code = {name for name in LOADING if name in vars(base)}
        if code - TRUSTED.get((base.__module__, base.__qualname__), set()):
            return "review"
        if base.__module__.split(".")[0] not in LIBRARIES.values() and base.__module__ not in (
            "abc",
            "typing",
            "collections.abc",
        ):
            return "review"
    return "inertDicts" if issubclass(cls, dict) else "inert"


def harmless_lookup(cls: type) -> bool:
    """`Kind("value")` looks the value up; what does not find it may run code of the class. That of
    transformers was read: it raises.
    """
    return all(
        "_missing_" not in vars(base)
        or base.__module__ in ("enum", "transformers.utils.generic", "accelerate.utils.dataclasses")
        for base in cls.__mro__
    )


def add_numpy_names(named: dict[str, set[str]]) -> None:
    """Scalar types, dtype classes, and ufuncs with a few plain functions under the names that
    picklers write.
    """
    import numpy as np

    scalars = {cls.__name__ for cls in np.sctypeDict.values()} | {
        "bool_",
        "str_",
        "bytes_",
        "object_",
        "void",
        "float_",
        "complex_",
        "unicode_",
        "string_",
        "longlong",
        "ulonglong",
        "intc",
        "uintc",
        "intp",
        "uintp",
        "half",
        "single",
        "double",
        "longdouble",
        "generic",
        "number",
        "integer",
        "floating",
        "inexact",
        "signedinteger",
        "unsignedinteger",
        "complexfloating",
        "flexible",
        "character",
    }
    ufuncs = {
        name
        for name, value in vars(np).items()
        if isinstance(value, np.ufunc) and value.__name__ == name
    }
    functions = {
        "mean",
        "median",
        "average",
        "std",
        "var",
        "sum",
        "prod",
        "min",
        "max",
        "amin",
        "amax",
        "argmax",
        "argmin",
        "ravel",
        "reshape",
        "squeeze",
        "transpose",
        "zeros",
        "ones",
    }
    named.setdefault("numpy", set()).update(scalars, ufuncs, functions)
    for core in ("numpy.core._multiarray_umath", "numpy._core._multiarray_umath"):
        named.setdefault(core, set()).update(ufuncs)
    for core in ("numpy.core.fromnumeric", "numpy._core.fromnumeric"):
        named.setdefault(core, set()).update(
            {
                "mean",
                "std",
                "var",
                "sum",
                "prod",
                "min",
                "max",
                "amin",
                "amax",
                "argmax",
                "argmin",
                "ravel",
                "reshape",
                "squeeze",
                "transpose",
            }
        )
    named.setdefault("numpy.dtypes", set()).update(
        name for name in vars(getattr(np, "dtypes", np)) if name.endswith("DType")
    )
    named.setdefault("scipy.special._ufuncs", set()).update(
        {"expit", "logit", "erf", "erfc", "gamma", "gammaln"}
    )


def add_torch_names(named: dict[str, set[str]]) -> None:
    """Functions that layers are given as their activation. None of them takes anything but tensors,
    numbers and truth values.
    """
    import torch.nn.functional as functional

    activations = {
        "relu",
        "relu_",
        "relu6",
        "gelu",
        "silu",
        "elu",
        "celu",
        "selu",
        "leaky_relu",
        "hardtanh",
        "hardswish",
        "hardsigmoid",
        "mish",
        "softmax",
        "log_softmax",
        "softplus",
        "softsign",
        "logsigmoid",
        "sigmoid",
        "tanh",
        "glu",
        "prelu",
        "tanhshrink",
        "dropout",
        "normalize",
        "mse_loss",
        "l1_loss",
        "cross_entropy",
        "nll_loss",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cosine_similarity",
        "pairwise_distance",
    }
    for name in activations:
        function = getattr(functional, name)
        # a pickler writes where a function says that it is from; those made in C say `torch._C._nn`
        for module in {"torch.nn.functional", function.__module__ or "torch"}:
            named.setdefault(module, set()).add(name)
    named.setdefault("torch", set()).update(
        {
            "relu",
            "sigmoid",
            "tanh",
            "exp",
            "sin",
            "cos",
            "softmax",
            "abs",
            "square",
            "sqrt",
            "log",
            "log1p",
            "selu",
            "celu",
        }
    )
    named.setdefault("torch._C._nn", set()).update(
        {"gelu", "silu", "elu_", "softplus", "mish", "hardtanh", "leaky_relu"}
    )


def add_metrics(named: dict[str, set[str]]) -> None:
    """Metrics that searches and scorers keep: functions of two arrays."""
    for name in ("_classification", "_regression", "_ranking"):
        module = importlib.import_module(f"sklearn.metrics.{name}")
        own = {
            key
            for key, value in vars(module).items()
            if inspect.isfunction(value)
            and value.__module__ == module.__name__
            and not key.startswith("_")
        }
        named.setdefault(module.__name__, set()).update(own)


def render(result: dict) -> str:
    """One line a module, so that a diff shows what changed."""
    lines = ["{"]
    for key, value in result.items():
        if isinstance(value, dict) and key != "libraries":
            entries = [
                f"  {json.dumps(module)}: {json.dumps(names)}" for module, names in value.items()
            ]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(entries) + "\n },")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)},")
    lines[-1] = lines[-1].rstrip(",")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    main()
