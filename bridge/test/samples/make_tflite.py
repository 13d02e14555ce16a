"""Makes the honest TensorFlow Lite samples with the real converter.

pip install tensorflow-cpu && python make_tflite.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

OUT = Path(__file__).resolve().parent / "honest" / "tflite"
layers = tf.keras.layers


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    tf.keras.utils.set_random_seed(7)
    dense = model(
        [
            tf.keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    save("dense", converter(dense))
    save("dense-weights-int8", quantized(dense, None))
    save("dense-int8", quantized(dense, (4,)))
    save("dense-float16", half(dense))
    image = model(
        [
            tf.keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    save("image", converter(image))
    save("image-int8", quantized(image, (8, 8, 1)))
    save(
        "sequence",
        converter(model([tf.keras.Input((5, 2), batch_size=1), layers.LSTM(4), layers.Dense(1)])),
    )
    save(
        "branches",
        tf.lite.TFLiteConverter.from_concrete_functions([branches.get_concrete_function()]),
    )
    signatures()


def model(parts: list) -> tf.keras.Model:
    return tf.keras.Sequential(parts)


def converter(keras: tf.keras.Model) -> tf.lite.TFLiteConverter:
    return tf.lite.TFLiteConverter.from_keras_model(keras)


def save(name: str, made: tf.lite.TFLiteConverter) -> None:
    (OUT / f"{name}.tflite").write_bytes(made.convert())


def quantized(keras: tf.keras.Model, shape: tuple | None) -> tf.lite.TFLiteConverter:
    made = converter(keras)
    made.optimizations = [tf.lite.Optimize.DEFAULT]
    if shape is not None:
        numbers = np.random.default_rng(7)
        made.representative_dataset = lambda: (
            [numbers.normal(size=(1, *shape)).astype(np.float32)] for _ in range(8)
        )
        made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return made


def half(keras: tf.keras.Model) -> tf.lite.TFLiteConverter:
    made = converter(keras)
    made.optimizations = [tf.lite.Optimize.DEFAULT]
    made.target_spec.supported_types = [tf.float16]
    return made


@tf.function(input_signature=[tf.TensorSpec([4]), tf.TensorSpec([], tf.int32)])
def branches(x: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
    for _ in tf.range(n):
        x = x * 2.0 if tf.reduce_sum(x) > 0 else x + 1.0
    return x


class TwoWays(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(tf.ones([4, 2]))

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def predict(self, x: tf.Tensor) -> dict:
        return {"y": tf.matmul(x, self.weights)}

    @tf.function(input_signature=[tf.TensorSpec([4, 2])])
    def restore(self, weights: tf.Tensor) -> dict:
        return {"done": self.weights.assign(weights)}


def signatures() -> None:
    """Two signatures, and a variable that one of them sets."""
    ways = TwoWays()
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            ways, folder, signatures={"predict": ways.predict, "restore": ways.restore}
        )
        made = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["predict", "restore"]
        )
        made.experimental_enable_resource_variables = True
        (OUT / "signatures.tflite").write_bytes(made.convert())


if __name__ == "__main__":
    main()
