"""Writes hostile/keras: HDF5 files that reach for other files, carry code, or hide what they hold.
Nothing in them does harm.

python -m venv /tmp/v && /tmp/v/bin/pip install h5py && /tmp/v/bin/python
bridge/test/samples/make_keras_hostile.py
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).resolve().parent / "hostile" / "keras"
weights = np.arange(6, dtype="f4").reshape(2, 3)


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def layer(name: str, **config) -> dict:
    return {"class_name": name, "config": {"name": "x", **config}}


def model(*layers: dict) -> str:
    return json.dumps(
        {
            "class_name": "Sequential",
            "config": {
                "name": "m",
                "layers": [layer("InputLayer", batch_input_shape=[None, 2]), *layers],
            },
        }
    )


def low(file: h5py.File, name: str, prepare) -> None:
    """A dataset whose creation h5py itself does not offer."""
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    prepare(settings)
    dataset = h5py.h5d.create(
        file.id,
        name.encode(),
        h5py.h5t.NATIVE_FLOAT,
        h5py.h5s.create_simple(weights.shape),
        settings,
    )
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, weights)


def unknown_filter(settings) -> None:
    settings.set_chunk((2, 3))
    settings.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())


def dense_external(file: h5py.File) -> None:
    for i in range(20):
        file[f"w{i}"] = h5py.ExternalLink("/etc/hostname", "/w")


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "w", (2, 3))
    file.create_virtual_dataset("w", layout)


def opaque(file: h5py.File) -> None:
    file["w"] = np.array([pickle.dumps(Evil(), 2)]).astype("V64")


def references(file: h5py.File) -> None:
    file["w"] = weights
    file["r"] = np.array([file["w"].ref], dtype=h5py.ref_dtype)


def committed(file: h5py.File) -> None:
    file["t"] = np.dtype("f4")
    file.create_dataset("w", data=weights, dtype=file["t"])


def twice(file: h5py.File) -> None:
    file["w"] = weights
    file["again"] = file["w"]


def loop(file: h5py.File) -> None:
    below = file.create_group("a/b")
    below["up"] = file["a"]


def nested_lists(file: h5py.File) -> None:
    file.create_dataset("w", (2,), h5py.vlen_dtype(h5py.vlen_dtype("i4")))


def objects(file: h5py.File, *kinds: bytes) -> None:
    """An array of objects as PyTables keeps it."""
    data = np.empty(2, object)
    data[:] = [np.frombuffer(pickle.dumps(one, 4), "u1") for one in ("fine", Evil())]
    for i, kind in enumerate(kinds):
        file.create_dataset(
            f"w{i}", data=data, dtype=h5py.vlen_dtype("u1"), chunks=(2,), compression="gzip"
        ).attrs["PSEUDOATOM"] = np.bytes_(kind)


def pickled(protocol: int = 2) -> np.ndarray:
    return np.frombuffer(pickle.dumps(Evil(), protocol), "u1")


def deleted(file: h5py.File) -> None:
    file["w"] = weights
    file["secret"] = np.frombuffer(pickle.dumps(Evil(), 2) * 20, "u1")
    file.flush()
    del file["secret"]


FILES = {
    "external-link": lambda file: file.__setitem__("w", h5py.ExternalLink("/etc/hostname", "/w")),
    "external-storage": lambda file: file.create_dataset(
        "w", (2, 3), "f4", external=[("/etc/passwd", 0, 24)]
    ),
    "virtual": virtual,
    "soft-link": lambda file: file.__setitem__("w", h5py.SoftLink("/elsewhere")),
    "opaque": opaque,
    "references": references,
    "committed-type": committed,
    "two-names": twice,
    "loop": loop,
    "nested-lists": nested_lists,
    "objects": lambda file: objects(file, b"object"),
    "objects-unnamed": lambda file: objects(file, b"x"),
    "deleted": deleted,
    "unknown-filter": lambda file: low(file, "w", unknown_filter),
    "unwritten": lambda file: file.create_dataset("w", (1_000_000, 1_000_000), "f4"),
    "unwritten-chunks": lambda file: file.create_dataset(
        "w", (1_000_000, 1_000_000), "f4", chunks=(1000, 1000), compression="gzip"
    ),
    "pickle-attribute": lambda file: file.attrs.update(note=np.void(pickle.dumps(Evil(), 2))),
    "pickle-text": lambda file: file.attrs.update(note=np.bytes_(pickle.dumps(Evil(), 0))),
    "pickle-name": lambda file: file.attrs.update(name=np.bytes_(pickle.dumps(Evil(), 0))),
    "pickle-cut": lambda file: file.attrs.update(
        note=np.bytes_(b"cos\nsystem\n(S'true'\ntR" + b"\xff\xff.")
    ),
    "lambda": lambda file: file.attrs.update(
        model_config=model(
            layer("Lambda", function=["4wEAAAAAAAAAAAAAAA==\n", None, None], function_type="lambda")
        )
    ),
    "lambda-bytes": lambda file: file.attrs.update(
        model_config=np.bytes_(
            model(layer("Lambda", function="f", module="os", function_type="function")).encode()
        )
    ),
    "lambda-deep": lambda file: file.create_group("a/b").attrs.update(
        model_config=model(layer("Lambda"))
    ),
    "lambda-elsewhere": lambda file: file.attrs.update(architecture=model(layer("Lambda"))),
    "training-module": lambda file: file.attrs.update(
        training_config=json.dumps(
            {
                "loss": {
                    "module": "os",
                    "class_name": "function",
                    "config": "system",
                    "registered_name": None,
                }
            }
        )
    ),
    "config-twice": lambda file: file.attrs.update(
        model_config='{"class_name": "Lambda", "class_name": "Dense", "config": {}}'
    ),
    "bytes": lambda file: (
        file.create_group("data")
        .create_dataset("data_0", data=pickled())
        .attrs.update(base_type=np.bytes_("pickle"))
    ),
    "bytes-signed": lambda file: file.__setitem__("w", pickled(4).view("i1")),
    "bytes-packed": lambda file: file.create_dataset(
        "w", data=pickled(4), chunks=(16,), compression="gzip", shuffle=True
    ),
    "bytes-lzf": lambda file: file.create_dataset(
        "w", data=np.tile(pickled(4), 40), chunks=(300,), compression="lzf"
    ),
    "bytes-unmarked": lambda file: file.__setitem__("w", pickled(0)),
    "bytes-wide": lambda file: file.__setitem__(
        "w", np.frombuffer(pickle.dumps(Evil(), 4).ljust(64, b"\0"), "f8")
    ),
    "bytes-rows": lambda file: file.create_dataset("w", (1,), np.dtype("(64,)u1")).__setitem__(
        0, np.frombuffer(pickle.dumps(Evil(), 4).ljust(64, b"\0"), "u1")
    ),
    "bytes-tiles": lambda file: file.create_dataset(
        "w",
        data=np.frombuffer(pickle.dumps(Evil(), 4).ljust(64, b"\0"), "u1").reshape(8, 8),
        chunks=(4, 4),
    ),
    "bytes-attribute": lambda file: file.attrs.update(note=pickled()),
    "texts": lambda file: file.__setitem__("w", np.array([b"red", bytes(pickled(0))])),
    "texts-elsewhere": lambda file: file.create_dataset(
        "w", data=["red", bytes(pickled(0)).decode()], dtype=h5py.string_dtype()
    ),
    "config-dataset": lambda file: file.__setitem__("architecture", model(layer("Lambda"))),
    "config-indented": lambda file: file.attrs.update(architecture="\n  " + model(layer("Lambda"))),
    "config-deep": lambda file: file.attrs.update(
        models=json.dumps({"all": [json.loads(model(layer("Lambda")))]})
    ),
    "config-text": lambda file: file.attrs.update(model_config=json.dumps(model(layer("Lambda")))),
    "config-list": lambda file: file.attrs.update(
        model_config=[model(layer("Dense")), model(layer("Lambda"))]
    ),
}


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        with h5py.File(OUT / f"{name}.h5", "w") as file:
            write(file)
    for name in ("external-link", "external-storage", "virtual", "soft-link"):
        with h5py.File(OUT / f"{name}-latest.h5", "w", libver="latest") as file:
            FILES[name](file)
    with h5py.File(OUT / "large.h5", "w", libver="latest") as file:
        file.attrs["model_config"] = np.bytes_(
            model(layer("Lambda"), layer("Dense", note="x" * 70_000)).encode()
        )
    (OUT / "lambda-large.h5.gz").write_bytes(
        gzip.compress((OUT / "large.h5").read_bytes(), mtime=0)
    )
    (OUT / "large.h5").unlink()
    with h5py.File(OUT / "external-links-dense.h5", "w", libver="latest") as file:
        dense_external(file)
    with h5py.File(OUT / "user-block.h5", "w", userblock_size=512) as file:
        file["w"] = weights
    (OUT / "user-block.h5").write_bytes(
        b"#!/bin/sh\nexit\n".ljust(512) + (OUT / "user-block.h5").read_bytes()[512:]
    )
    with h5py.File(OUT / "family-%d.h5", "w", driver="family", memb_size=100_000) as file:
        file["w"] = weights
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)
