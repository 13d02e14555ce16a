"""Writes bridge/src/scan/data/keras-classes.json from Keras 3 and Keras 2 (tf_keras) as they are
installed here.

    python -m venv /tmp/v && /tmp/v/bin/pip install keras tf_keras tensorflow-cpu
    /tmp/v/bin/python scripts/scan-keras-classes.py --version 2026.11.1

Classes and functions that the description of a model may name, by the module that Keras writes
beside them: what is exported from the modules in PUBLIC, and the layers, operations, losses,
metrics and optimizers that Keras writes with the module of their source. Nothing is built or
called. The result is read by a person before it is committed: the diff is the review.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import inspect
import json
import os
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

OUT = (
    Path(__file__).resolve().parent.parent
    / "bridge"
    / "src"
    / "scan"
    / "data"
    / "keras-classes.json"
)
PUBLIC = [
    "layers",
    "layers.experimental.preprocessing",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "optimizers",
    "optimizers.schedules",
    "optimizers.legacy",
    "losses",
    "metrics",
    "dtype_policies",
    "mixed_precision",
    "models",
    "quantizers",
    "random",
    "ops",
    "ops.image",
    "ops.linalg",
    "ops.nn",
    "ops.numpy",
]
TOP = {
    "DTypePolicy",
    "FloatDTypePolicy",
    "Functional",
    "Initializer",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Quantizer",
    "Regularizer",
    "Sequential",
}
FUNCTIONS = {
    "activations",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "ops",
    "ops.image",
    "ops.linalg",
    "ops.nn",
    "ops.numpy",
    "random",
}
# by these the parts of Keras are put together, not models
NOT_FUNCTIONS = {
    "get",
    "serialize",
    "deserialize",
    "deserialize_keras_object",
    "serialize_keras_object",
}
# run code that the description carries or names, or load files: bridge/src/scan/keras/refused.ts
# says why
REFUSED = {
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "TensorFlowOpLayer",
    "TFOpLambda",
    "TFClassMethod",
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
    "SlicingOpLambda",
    "ModuleWrapper",
}
# name data sets or tokenizers: an approver decides
REVIEWED = {"GPTQConfig", "AWQConfig"}
SOURCE = re.compile(
    r"^keras\.src\.(layers|models|engine|optimizers|losses|metrics|initializers|regularizers|constraints|ops|activations|quantizers|dtype_policies|mixed_precision|trainers|applications|random|backend\.tensorflow\.optimizer)(\.|$)"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    version = parser.parse_args().version
    classes: dict[str, set[str]] = defaultdict(set)
    functions: dict[str, set[str]] = defaultdict(set)
    for package in ("keras", "tf_keras"):
        exported(package, classes, functions)
        written_by_source(package, classes)
    result = {
        "version": version,
        "about": "What the description of a Keras model may name: classes and functions by module, "
        "and the names under which Keras 2 registers its own classes. Written by "
        "scripts/scan-keras-classes.py, reviewed by hand. `tf_keras` and the older "
        "`tensorflow.keras` are counted as `keras`.",
        "from": [f"{name} {importlib.metadata.version(name)}" for name in ("keras", "tf_keras")],
        "registered": registered(),
        "classes": tidy(classes),
        "functions": tidy(functions),
    }
    text = json.dumps(result, indent=1)
    # one line for the names of a module
    OUT.write_text(
        re.sub(
            r"\[\n\s+([^\]]*?)\n\s*\]",
            lambda found: "[" + re.sub(r"\s*\n\s*", " ", found.group(1)) + "]",
            text,
        )
        + "\n"
    )


def exported(package: str, classes: dict[str, set[str]], functions: dict[str, set[str]]) -> None:
    for part in PUBLIC:
        try:
            module = importlib.import_module(f"{package}.{part}")
        except ModuleNotFoundError:
            continue
        for name, value in vars(module).items():
            if name.startswith("_") or name in REFUSED | REVIEWED:
                continue
            if inspect.isclass(value):
                classes[f"keras.{part}"].add(name)
            elif inspect.isfunction(value) and part in FUNCTIONS and name not in NOT_FUNCTIONS:
                functions[f"keras.{part}"].add(name)
                source = value.__module__.replace("tf_keras.", "keras.")
                if SOURCE.match(source):
                    functions[source].add(value.__name__)
    top = importlib.import_module(package)
    # the one model among the helpers
    classes["keras.utils"] |= {"FeatureSpace"}
    classes["keras"] |= {name for name in TOP if inspect.isclass(getattr(top, name, None))}


def written_by_source(package: str, classes: dict[str, set[str]]) -> None:
    root = importlib.import_module(f"{package}.src")
    for found in pkgutil.walk_packages(root.__path__, f"{package}.src."):
        if not re.search(
            r"(_test|test_\w+|benchmarks?)$|\.(testing_infra|tests|integration_test|testing|benchmarks)\.",
            found.name,
        ):
            with contextlib.suppress(ImportError):
                importlib.import_module(found.name)
    for base in bases(package):
        for cls in below(base):
            source = cls.__module__.replace("tf_keras.", "keras.")
            if (
                cls.__module__.startswith(f"{package}.src.")
                and SOURCE.match(source)
                and cls.__name__ not in REFUSED
                and "<locals>" not in cls.__qualname__
            ):
                classes[source].add(cls.__name__)


def bases(package: str) -> list[type]:
    if package == "keras":
        from keras.src.saving.keras_saveable import KerasSaveable

        return [KerasSaveable]
    import tf_keras

    return [
        tf_keras.layers.Layer,
        tf_keras.losses.Loss,
        tf_keras.metrics.Metric,
        tf_keras.optimizers.Optimizer,
        tf_keras.optimizers.legacy.Optimizer,
        tf_keras.optimizers.schedules.LearningRateSchedule,
    ]


def below(cls: type) -> set[type]:
    return {cls}.union(*(below(one) for one in cls.__subclasses__()))


def registered() -> list[str]:
    from tf_keras.src.saving import object_registration

    return sorted(
        name
        for name, value in object_registration._GLOBAL_CUSTOM_OBJECTS.items()
        if value.__module__.startswith("tf_keras.src.")
        and inspect.isclass(value)
        and value.__name__ not in REFUSED
    )


def tidy(names: dict[str, set[str]]) -> dict[str, list[str]]:
    return {module: sorted(found) for module, found in sorted(names.items()) if found}


if __name__ == "__main__":
    main()
