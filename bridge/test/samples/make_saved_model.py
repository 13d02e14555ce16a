"""Makes the honest SavedModel samples with the real library: each folder as a zip, as people upload
them.

pip install tensorflow-cpu tf_keras && python make_saved_model.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

OUT = Path(__file__).resolve().parent / "honest" / "saved-model"
layers = tf.keras.layers


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    tf.keras.utils.set_random_seed(7)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        keras_export()
        trained()
        vocabulary()
        control_flow()
        version_one()
        keras_two()


def pack(name: str) -> None:
    """The folder `name` as `name.zip`, with the folder inside."""
    shutil.make_archive(str(OUT / name), "zip", ".", name)


def keras_export() -> None:
    tf.keras.Sequential(
        [tf.keras.Input((4,)), layers.Dense(4, activation="relu"), layers.Dense(3)]
    ).export("keras-export", verbose=False)
    pack("keras-export")


def trained() -> None:
    """With its optimizer, as training goes on from it."""
    model = tf.keras.Sequential([tf.keras.Input((4,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0)
    tf.saved_model.save(model, "trained")
    pack("trained")


class Lookup(tf.Module):
    """A table read from a file that goes along as an asset, and one made of constants."""

    def __init__(self) -> None:
        super().__init__()
        Path("vocabulary.txt").write_text("red\ngreen\nblue\n")
        self.file = tf.saved_model.Asset("vocabulary.txt")
        texts = tf.lookup.TextFileInitializer(
            self.file,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.colours = tf.lookup.StaticHashTable(texts, -1)
        self.sizes = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(["small", "large"], tf.constant([1, 2], tf.int64)),
            -1,
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, words: tf.Tensor) -> dict:
        return {
            "colour": self.colours.lookup(words),
            "size": self.sizes.lookup(tf.strings.lower(words)),
        }


def vocabulary() -> None:
    tf.saved_model.save(Lookup(), "vocabulary")
    pack("vocabulary")


class Branches(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([4]), tf.TensorSpec([], tf.int32)])
    def __call__(self, x: tf.Tensor, n: tf.Tensor) -> dict:
        for _ in tf.range(n):
            x = x * 2.0 if tf.reduce_sum(x) > 0 else x + 1.0
        return {"y": x}


def control_flow() -> None:
    tf.saved_model.save(Branches(), "control-flow")
    pack("control-flow")


def version_one() -> None:
    """As programs for TensorFlow 1 write it: a session, a saver in the graph, a table read from an
    asset.
    """
    one = tf.compat.v1
    Path("words.txt").write_text("a\nb\n")
    with tf.Graph().as_default(), one.Session() as session:
        x = one.placeholder(tf.float32, [None, 4], "x")
        weights = one.get_variable("weights", initializer=tf.ones([4, 2]), use_resource=False)
        path = tf.constant("words.txt")
        one.add_to_collection(one.GraphKeys.ASSET_FILEPATHS, path)
        table = one.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                path,
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            -1,
        )
        y = tf.matmul(x, weights)
        session.run([one.global_variables_initializer(), one.tables_initializer()])
        builder = one.saved_model.Builder("version-one")
        signature = one.saved_model.predict_signature_def(
            {"x": x}, {"y": y, "n": table.lookup(tf.constant(["a"]))}
        )
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"serving_default": signature},
            one.get_collection(one.GraphKeys.ASSET_FILEPATHS),
            one.tables_initializer(),
        )
        builder.save()
    pack("version-one")


def keras_two() -> None:
    """Keras 2 keeps its own description beside the graph, in keras_metadata.pb."""
    import tf_keras

    model = tf_keras.Sequential([tf_keras.layers.Input((4,)), tf_keras.layers.Dense(2)])
    model.save("keras-two", save_format="tf", include_optimizer=False)
    pack("keras-two")


if __name__ == "__main__":
    main()
