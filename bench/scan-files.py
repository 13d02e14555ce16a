"""Makes the large files of the scanner's benchmark.

    python3 scan-files.py FOLDER [--megabytes 200] [--small 1000]

big.pt a zip of torch.save: stored, float32 [512, 512] storages big.safetensors the same number of
F32 tensors big.pkl protocol 4, a list of dicts {id: int, name: str, v: float, tags: [str, str]};
3,447,735 of them are 215 MB small/ little files: pickles, numpy arrays and safetensors in turn

Nothing but the standard library is needed. What lies in the tensors is random, one block for all.
"""

import argparse
import json
import os
import pickle
import random
import struct
import zipfile

SIDE = 512
TENSOR_BYTES = SIDE * SIDE * 4
DICTS_PER_MEGABYTE = 3447735 / 215.6


class Persistent:
    """What a pickler writes as a reference to a storage."""

    def __init__(self, key):
        self.key = key


class Named:
    """Pickled as a global by its name alone."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class TorchPickler(pickle._Pickler):
    """Writes protocol 2 as torch.save does, without torch: globals by name, storages by key."""

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Named):
            self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Persistent):
            self.save(("storage", Named("torch", "FloatStorage"), value.key, "cpu", SIDE * SIDE))
            self.write(pickle.BINPERSID)
        elif isinstance(value, Tensor):
            self.save(Named("torch._utils", "_rebuild_tensor_v2"))
            self.save((Persistent(value.key), 0, (SIDE, SIDE), (SIDE, 1), False, Empty()))
            self.write(pickle.REDUCE)
        elif isinstance(value, Empty):
            self.save(Named("collections", "OrderedDict"))
            self.write(pickle.EMPTY_TUPLE + pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


class Tensor:
    def __init__(self, key):
        self.key = key


class Empty:
    pass


def torch_zip(path, tensors, block):
    class Sink(list):
        def write(self, data):
            self.append(bytes(data))

    sink = Sink()
    TorchPickler(sink, 2).dump({f"layer{i}.weight": Tensor(str(i)) for i in range(tensors)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("big/data.pkl", b"".join(sink))
        archive.writestr("big/byteorder", "little")
        for i in range(tensors):
            archive.writestr(f"big/data/{i}", block)
        archive.writestr("big/version", "3\n")


def safetensors(path, tensors, block):
    header = {
        f"layer{i}.weight": {
            "dtype": "F32",
            "shape": [SIDE, SIDE],
            "data_offsets": [i * TENSOR_BYTES, (i + 1) * TENSOR_BYTES],
        }
        for i in range(tensors)
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _ in range(tensors):
            out.write(block)


def records(path, count):
    rows = [
        {"id": i, "name": f"customer-{i:011d}", "v": i * 0.5, "tags": [f"a{i % 7}", f"b{i % 11}"]}
        for i in range(count)
    ]
    with open(path, "wb") as out:
        pickle.dump(rows, out, protocol=4)


def small_files(folder, count, block):
    os.makedirs(folder, exist_ok=True)
    for i in range(count):
        if i % 2 == 0:
            with open(os.path.join(folder, f"{i}.pkl"), "wb") as out:
                pickle.dump(
                    {"weights": [random.random() for _ in range(100)], "classes": list("abc")},
                    out,
                    protocol=4,
                )
        else:
            header = b'{"w":{"dtype":"F32","shape":[256],"data_offsets":[0,1024]}}'
            with open(os.path.join(folder, f"{i}.safetensors"), "wb") as out:
                out.write(struct.pack("<Q", len(header)) + header + block[:1024])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--kinds", default="pt,safetensors,pkl,small")
    options = parser.parse_args()
    random.seed(1)
    block = random.randbytes(TENSOR_BYTES)
    os.makedirs(options.folder, exist_ok=True)
    kinds = options.kinds.split(",")
    if "pt" in kinds:
        torch_zip(os.path.join(options.folder, "big.pt"), options.megabytes, block)
    if "safetensors" in kinds:
        safetensors(os.path.join(options.folder, "big.safetensors"), options.megabytes, block)
    if "pkl" in kinds:
        records(
            os.path.join(options.folder, "big.pkl"),
            round(options.megabytes * 1.078 * DICTS_PER_MEGABYTE),
        )
    if "small" in kinds:
        small_files(os.path.join(options.folder, "small"), options.small, block)


main()
