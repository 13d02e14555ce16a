"""Writes honest/keras: models of Keras 3 and Keras 2 in all their forms, and HDF5 as h5py writes it
for them.

    python -m venv /tmp/v && /tmp/v/bin/pip install keras tf_keras tensorflow-cpu h5py
    /tmp/v/bin/python bridge/test/samples/make_keras.py

Each file stays below 20 kB. The hostile files beside them are written by make_keras_hostile.py.
"""

from __future__ import annotations

import gzip
import os
import pickle
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras import layers, ops

OUT = Path(__file__).resolve().parent / "honest" / "keras"
rng = np.random.default_rng(7)


def trained(model, inputs, optimizer="sgd", loss="mse", **more):
    model.compile(optimizer, loss, **more)
    model.train_on_batch(inputs, np.zeros_like(model(inputs)))
    return model


def modern() -> None:
    dense = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(2, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(0.1),
        ],
        name="dense",
    )
    trained(
        dense,
        np.zeros((4, 3)),
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 100)),
        keras.losses.Huber(),
        metrics=["mae", keras.metrics.RootMeanSquaredError()],
    )
    dense.save(OUT / "sequential.keras")
    dense.save(OUT / "sequential.h5")
    dense.save_weights(OUT / "sequential.weights.h5")

    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = keras.Sequential([keras.Input((4,)), layers.Dense(2, use_bias=False)], name="inner")
    joined = ops.einsum("bi->b", ops.clip(shared(left) + shared(right), -np.inf, np.inf))
    keras.Model([left, right], joined, name="two_inputs").save(OUT / "functional.keras")

    keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(1, 2),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
        ]
    ).save(OUT / "conv.keras")
    keras.Sequential(
        [keras.Input((3,)), layers.Embedding(3, 2, mask_zero=True), layers.LSTM(1)]
    ).save(OUT / "lstm.keras")
    tokens = keras.Input((2, 2))
    attended = tokens + layers.Attention()([tokens, tokens], use_causal_mask=True)
    keras.Model(tokens, layers.EinsumDense("abc,cd->abd", (None, 2))(attended)).save(
        OUT / "attention.keras"
    )

    words = layers.TextVectorization(output_mode="int", output_sequence_length=4)
    words.adapt(["the quick brown fox", "/etc is a folder", "https://example.org jumps over"])
    keras.Sequential([keras.Input((), dtype="string"), words, layers.Embedding(20, 2)]).save(
        OUT / "text.keras"
    )
    colour = keras.Input((1,), dtype="string", name="colour")
    keras.Model(
        colour,
        layers.StringLookup(vocabulary=["red", "green", "~/blue"], output_mode="one_hot")(colour),
    ).save(OUT / "lookup.keras")
    scaled = layers.Normalization()
    scaled.adapt(rng.normal(size=(8, 2)))
    numbers = keras.Input((2,))
    keras.Model(
        numbers, layers.concatenate([scaled(numbers), layers.Discretization([0.0, 1.0])(numbers)])
    ).save(OUT / "normalization.keras")

    half = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(1, dtype="bfloat16"),
            layers.Dense(1, dtype="mixed_float16"),
        ]
    )
    half.save(OUT / "bfloat16.keras")
    half.save(OUT / "bfloat16.h5")


def older() -> None:
    """Keras 2, with the optimizer, functions of TensorFlow as layers, and words in the description."""
    numbers = tf_keras.Input((3,))
    hidden = tf_keras.layers.Dense(
        2, activation="relu", kernel_initializer=tf_keras.initializers.HeNormal()
    )(numbers)
    model = tf_keras.Model(numbers, tf.nn.relu(hidden))
    trained(
        model,
        np.zeros((4, 3)),
        tf_keras.optimizers.SGD(
            tf_keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), jit_compile=False
        ),
        tf_keras.losses.MeanSquaredError(),
    )
    model.save(OUT / "two.keras")
    model.save(OUT / "two.h5")
    model.save_weights(OUT / "two.weights.h5")
    legacy = tf_keras.Sequential([tf_keras.layers.InputLayer((2, 1)), tf_keras.layers.LSTM(1)])
    trained(legacy, np.zeros((2, 2, 1)), tf_keras.optimizers.legacy.SGD())
    legacy.save(OUT / "two-lstm.h5")
    legacy.save(OUT / "h5-inside.keras", save_format="h5")


def large(name: str, **attributes) -> None:
    """Attributes of more than 64 kB, which only the newer form has; packed, since they are long."""
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(f"{folder}/a.h5", "w", libver="latest") as file:
            file["w"] = np.arange(6, dtype="f4")
            file.attrs.update(attributes)
        (OUT / f"{name}.gz").write_bytes(
            gzip.compress(Path(f"{folder}/a.h5").read_bytes(), mtime=0)
        )


def plain() -> None:
    """What h5py does beyond what Keras asks of it: chunks, filters, every index of chunks, long
    texts, dense groups.
    """
    values = rng.integers(0, 4, (12, 10)).astype("f4")
    for name, version in {"chunks.h5": "earliest", "chunks-latest.h5": "latest"}.items():
        with h5py.File(OUT / name, "w", libver=version) as file:
            file.attrs["note"] = "written by hand"
            file.create_dataset(
                "packed",
                data=values,
                chunks=(6, 5),
                compression="gzip",
                shuffle=True,
                fletcher32=True,
            )
            file.create_dataset("grows", data=values[:, 0], chunks=(2,), maxshape=(None,))
            file.create_dataset("whole", data=values, chunks=(12, 10), compression="gzip")
            if version == "latest":
                file.create_dataset(
                    "grows-both",
                    data=values,
                    chunks=(6, 5),
                    maxshape=(None, None),
                    compression="gzip",
                )
                for i in range(20):
                    file.create_group(f"layer_{i}").attrs["n"] = i
    with h5py.File(OUT / "types.h5", "w") as file:
        file["scalar"] = np.float64(3)
        file["flags"] = np.array([True, False])
        file["complex"] = np.array([1 + 2j])
        file["none"] = np.zeros((0, 4), "f4")
        file["words"] = ["red", "green", "", "a longer word"]
        file["bytes"] = np.array([b"red", b"green"])
        file["rows"] = np.array(
            [(1, 2.5, b"x")], dtype=[("id", "i4"), ("value", "f8"), ("name", "S4")]
        )
        file.create_dataset("lzf", data=values, compression="lzf")
        file.create_dataset("unwritten", (4, 4))
        file.create_dataset(
            "packed-words",
            data=["red", "green"],
            dtype=h5py.string_dtype(),
            chunks=(2,),
            compression="gzip",
            shuffle=True,
        )
        file.create_dataset(
            "lists",
            data=np.array([np.arange(3), np.arange(2)], dtype=object),
            dtype=h5py.vlen_dtype("i4"),
        )
        file.attrs["sentence"] = np.bytes_("A note that ends with a dot.")
        file.attrs["list"] = ["red", "green"]
        file.attrs["empty"] = h5py.Empty("f4")
    with h5py.File(OUT / "bytes.h5", "w") as file:
        file["images"] = np.array([0x80, 4, 0x95, 7] * 300, "u1").reshape(30, 40)
        file["labels"] = np.frombuffer(b"cos\nsystem\n" * 9, "i1")
        file["questions"] = np.array(
            [b"can you\nhelp me\nplease.", b"It is.", b"(no)", b"N.", b"I"]
        )
        file.create_dataset(
            "answers",
            data=["could\nbe\nso.", "in\ndeed\n", '{"class_name": "Lambda"}', "[not JSON"],
            dtype=h5py.string_dtype(),
            chunks=(2,),
            compression="lzf",
        )
        file["settings"] = np.frombuffer(
            pickle.dumps({"mean": np.arange(3.0), "names": ["a", "b"]}), "u1"
        )
        file.create_dataset(
            "chunked",
            data=np.frombuffer(pickle.dumps(list(range(90))), "u1"),
            chunks=(100,),
            compression="lzf",
        )
    with h5py.File(OUT / "lzf-latest.h5", "w", libver="latest") as file:
        for shape, most in {(9,): None, (8,): (None,), (4, 6): (None, None)}.items():
            file.create_dataset(
                f"w{len(shape)}{most}",
                data=np.ones(shape, "f4"),
                maxshape=most,
                compression="lzf",
                shuffle=True,
                fletcher32=True,
                chunks=tuple(size // 2 for size in shape),
            )
    large(
        "large-attributes.h5",
        layer_names=np.array([b"a_layer_of_a_long_name"] * 4000),
        names=np.array([b"a_name"] * 12_000),
    )
    with h5py.File(OUT / "hand-made.weights.h5", "w", track_order=True) as file:
        for layer in ("dense", "dense_1"):
            file.create_dataset(f"{layer}/{layer}/kernel:0", data=values[:3, :2])
        file.attrs["layer_names"] = [b"dense", b"dense_1"]
        file.attrs["backend"] = b"tensorflow"


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(7)
    modern()
    older()
    plain()
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)
