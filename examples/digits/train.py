"""Trains the digits classifier and writes everything an upload needs.

    pip install numpy scikit-learn
    python train.py                                          # examples/digits
    python train.py --hidden 64 --version 2.0.0 --out ../digits-v2

The data are the 1,797 hand-written digits (8x8 pixels, 0 to 16) that scikit-learn carries; the
model is one hidden layer in plain numpy. Written to --out: model.safetensors, metadata.json,
digit.json (a sample request). The same arguments on the same numpy give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

PIXEL_MAX = 16.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hidden", type=int, default=32, help="width of the hidden layer")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    args = parser.parse_args()

    data = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        data.data, data.target, test_size=0.25, random_state=args.seed, stratify=data.target
    )
    tensors = train(x_train, y_train, args.hidden, args.epochs, args.seed)
    accuracy = float((predict(tensors, x_test) == y_test).mean())
    print(f"accuracy on {len(y_test)} held-out digits: {accuracy:.4f}")

    args.out.mkdir(parents=True, exist_ok=True)
    write_safetensors(
        args.out / "model.safetensors",
        tensors,
        {"name": "digits", "version": args.version, "classes": "0123456789"},
    )
    sample = {
        "inputs": [
            {"name": "pixels", "shape": [1, 64], "datatype": "FP32", "data": x_test[0].tolist()}
        ]
    }
    write_json(args.out / "digit.json", sample)
    write_json(args.out / "metadata.json", metadata(args, accuracy, len(y_train), sample))
    print(f"sample request digit.json shows a {y_test[0]}")


def train(
    x: np.ndarray, y: np.ndarray, hidden: int, epochs: int, seed: int
) -> dict[str, np.ndarray]:
    """x [n,64] of 0..16, y [n] of 0..9; Adam on cross-entropy with a little weight decay."""
    rng = np.random.default_rng(seed)
    x = x / PIXEL_MAX
    w = {
        "hidden.weight": rng.normal(0, np.sqrt(2 / 64), (64, hidden)),
        "hidden.bias": np.zeros(hidden),
        "output.weight": rng.normal(0, np.sqrt(1 / hidden), (hidden, 10)),
        "output.bias": np.zeros(10),
    }
    first = {name: np.zeros_like(value) for name, value in w.items()}
    second = {name: np.zeros_like(value) for name, value in w.items()}
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), 64):
            step += 1
            gradient = gradients(w, x[order[start : start + 64]], y[order[start : start + 64]])
            for name, value in w.items():
                g = gradient[name] + 1e-4 * value
                first[name] = 0.9 * first[name] + 0.1 * g
                second[name] = 0.999 * second[name] + 0.001 * g * g
                corrected = (first[name] / (1 - 0.9**step)) / (
                    np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
                )
                w[name] = value - 3e-3 * corrected
    return {name: value.astype("<f4") for name, value in w.items()}


def gradients(w: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    before = x @ w["hidden.weight"] + w["hidden.bias"]
    hidden = np.maximum(before, 0)
    logits = hidden @ w["output.weight"] + w["output.bias"]
    error = np.exp(logits - logits.max(axis=1, keepdims=True))
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    back = (error @ w["output.weight"].T) * (before > 0)
    return {
        "output.weight": hidden.T @ error,
        "output.bias": error.sum(axis=0),
        "hidden.weight": x.T @ back,
        "hidden.bias": back.sum(axis=0),
    }


def predict(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    hidden = np.maximum((x / PIXEL_MAX) @ w["hidden.weight"] + w["hidden.bias"], 0)
    return (hidden @ w["output.weight"] + w["output.bias"]).argmax(axis=1)


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], notes: dict[str, str]) -> None:
    """8 bytes of header length, a JSON header padded with blanks to 8 bytes, then the tensors one
    after the other.
    """
    header: dict[str, object] = {"__metadata__": notes}
    position = 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [position, position + tensor.nbytes],
        }
        position += tensor.nbytes
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    path.write_bytes(
        struct.pack("<Q", len(encoded))
        + encoded
        + b"".join(tensor.tobytes() for tensor in tensors.values())
    )


def metadata(args: argparse.Namespace, accuracy: float, trained_on: int, sample: dict) -> dict:
    """The `metadata` part of the upload."""
    return {
        "name": "digits",
        "version": args.version,
        "description": "Reads one hand-written digit of 8x8 pixels.",
        "framework": "numpy",
        "params": {
            "hidden": args.hidden,
            "epochs": args.epochs,
            "seed": args.seed,
            "trainedOn": trained_on,
        },
        "metrics": {"accuracy": round(accuracy, 4)},
        "inputSchema": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": "string"},
                "inputs": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["name", "shape", "datatype", "data"],
                        "properties": {
                            "name": {"const": "pixels"},
                            "shape": {
                                "type": "array",
                                "items": {"type": "integer"},
                                "description": "[digits, 64]",
                            },
                            "datatype": {"enum": ["FP32", "FP64", "INT64", "INT32", "UINT8"]},
                            "data": {
                                "type": "array",
                                "description": "rows of an 8x8 picture from the top left, "
                                "0 (white) to 16 (black)",
                            },
                        },
                    },
                },
            },
            "example": sample,
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "model_name": {"const": "digits"},
                "model_version": {"type": "string"},
                "outputs": {
                    "type": "array",
                    "description": "`digit` INT64 [digits], then `probabilities` FP32 [digits, 10]",
                    "items": {"type": "object"},
                },
            },
        },
        "serving": {
            "port": 8080,
            "readinessPath": "/v2/health/ready",
            "gpus": 0,
            "cpu": "100m",
            "memory": "256Mi",
            "replicas": 1,
        },
    }


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


if __name__ == "__main__":
    main()
