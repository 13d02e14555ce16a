"""Serves the digits classifier in the Open Inference Protocol v2. Needs Python and numpy, nothing
else.

    GET  /v2/health/live   /v2/health/ready   /v2   /v2/models/digits   /v2/models/digits/ready
    POST /v2/models/digits/infer

The environment may say PORT (8080), MODEL_NAME (digits) and MODEL_PATH (model.safetensors beside
this file).
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

MODEL_NAME = os.environ.get("MODEL_NAME", "digits")
BODY_MAX_BYTES = 8 * 1024 * 1024
READ_TIMEOUT_SECONDS = 30
PIXELS = 64
PIXEL_MAX = 16.0
DATATYPES = {
    "FP32",
    "FP64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
}


class Refused(Exception):
    """An answer other than 200: status and a sentence for the caller."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Model:
    def __init__(self, path: Path) -> None:
        self.weights, notes = read_safetensors(path)
        self.version = notes.get("version", "1")

    def infer(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """pixels [n,64] of 0..16 → digits [n], probabilities [n,10]"""
        w = self.weights
        hidden = np.maximum((pixels / PIXEL_MAX) @ w["hidden.weight"] + w["hidden.bias"], 0)
        logits = hidden @ w["output.weight"] + w["output.bias"]
        grown = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = grown / grown.sum(axis=1, keepdims=True)
        return probabilities.argmax(axis=1), probabilities


def read_safetensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    raw = path.read_bytes()
    (header_length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + header_length])
    notes = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(
                f"{path.name}: tensor {name} is {entry['dtype']}; this server reads F32"
            )
        start, end = (8 + header_length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[start:end], dtype="<f4").reshape(entry["shape"])
    return tensors, notes


def infer(model: Model, request: object) -> dict:
    inputs = request.get("inputs") if isinstance(request, dict) else None
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise Refused(400, "`inputs` must be a list of one tensor, named pixels")
    tensor = inputs[0]
    if tensor.get("name") != "pixels":
        raise Refused(400, f"unknown input {tensor.get('name')!r}; it is named pixels")
    if tensor.get("datatype") not in DATATYPES:
        raise Refused(
            400, f"datatype {tensor.get('datatype')!r} is not a number type of the protocol"
        )
    shape = tensor.get("shape")
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or shape[1] != PIXELS
        or not isinstance(shape[0], int)
        or shape[0] < 1
    ):
        raise Refused(400, f"shape {shape!r} must be [digits, {PIXELS}]")
    try:
        pixels = np.asarray(tensor.get("data"), dtype=np.float64).reshape(shape)
    except (TypeError, ValueError):
        raise Refused(
            400, f"`data` must be {math.prod(shape)} numbers, for shape {shape}"
        ) from None
    if not np.isfinite(pixels).all():
        raise Refused(400, "`data` holds a value that is not a finite number")
    digits, probabilities = model.infer(pixels)
    answer = {
        "model_name": MODEL_NAME,
        "model_version": model.version,
        "outputs": [
            {"name": "digit", "datatype": "INT64", "shape": [shape[0]], "data": digits.tolist()},
            {
                "name": "probabilities",
                "datatype": "FP32",
                "shape": [shape[0], 10],
                "data": [round(p, 6) for p in probabilities.ravel().tolist()],
            },
        ],
    }
    if "id" in request:
        answer["id"] = request["id"]
    return answer


def describe(model: Model) -> dict:
    return {
        "name": MODEL_NAME,
        "versions": [model.version],
        "platform": "numpy",
        "inputs": [{"name": "pixels", "datatype": "FP32", "shape": [-1, PIXELS]}],
        "outputs": [
            {"name": "digit", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
        ],
    }


def handler_for(model: Model) -> type[BaseHTTPRequestHandler]:
    pages = {
        "/v2": {"name": "creativeflow-digits", "version": model.version, "extensions": []},
        "/v2/health/live": {"live": True},
        "/v2/health/ready": {"ready": True},
        f"/v2/models/{MODEL_NAME}": describe(model),
        f"/v2/models/{MODEL_NAME}/ready": {"name": MODEL_NAME, "ready": True},
    }
    paths = {with_version(path, model.version): page for path, page in pages.items()} | pages

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # head and body leave together: apart, the second waits 40 ms for the client to say that it
        # has the first
        wbufsize = -1
        timeout = READ_TIMEOUT_SECONDS

        def do_GET(self) -> None:  # noqa: N802 (the name http.server wants)
            page = paths.get(self.path.split("?")[0].rstrip("/"))
            self.answer(
                *((200, page) if page is not None else (404, {"error": f"nothing at {self.path}"}))
            )

        def do_POST(self) -> None:  # noqa: N802
            try:
                body = self.body()
                path = self.path.split("?")[0]
                if path not in (
                    f"/v2/models/{MODEL_NAME}/infer",
                    f"/v2/models/{MODEL_NAME}/versions/{model.version}/infer",
                ):
                    raise Refused(
                        404,
                        f"nothing at {self.path}; this server has the model {MODEL_NAME} "
                        f"{model.version}",
                    )
                try:
                    request = json.loads(body)
                except ValueError as error:
                    raise Refused(400, f"the body is not JSON: {error}") from None
                self.answer(200, infer(model, request))
            except Refused as refused:
                self.answer(refused.status, {"error": str(refused)})

        def body(self) -> bytes:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                self.close_connection = True
                raise Refused(411, "Content-Length is missing")
            if int(length) > BODY_MAX_BYTES:
                self.close_connection = True
                raise Refused(413, f"the body may have {BODY_MAX_BYTES} bytes")
            return self.rfile.read(int(length))

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            if "/health/" not in self.path:
                super().log_request(code, size)

    return Handler


def with_version(path: str, version: str) -> str:
    return path.replace(f"/v2/models/{MODEL_NAME}", f"/v2/models/{MODEL_NAME}/versions/{version}")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def main() -> None:
    here = Path(__file__).resolve().parent
    model = Model(Path(os.environ.get("MODEL_PATH", here / "model.safetensors")))
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "8080"))), handler_for(model))

    def stop(number: int, frame: object) -> None:
        # as process 1 of a container we get no default action for SIGTERM; shutdown() waits for the
        # loop, so not here
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(
        f"{MODEL_NAME} {model.version} on port {server.server_address[1]}",
        file=sys.stderr,
        flush=True,
    )
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    main()
