"""Makes files as torch.save wrote them before 1.6, byte by byte, since PyTorch itself is larger
than this repository.

Written after torch/serialization.py (_legacy_save) and torch/_utils.py (_rebuild_tensor_v2):

    /tmp/v/bin/python make_torch_legacy.py          # numpy
"""

from __future__ import annotations

import collections
import io
import pickle
import struct
import sys
import types
from pathlib import Path

import numpy as np

OUT = Path(__file__).resolve().parent / "honest"
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
SYSTEM = dict(
    protocol_version=PROTOCOL_VERSION, little_endian=True, type_sizes=dict(short=2, int=4, long=4)
)


def stub(module: str, name: str, value: object) -> object:
    """Something that pickles under the name that it has in PyTorch."""
    for i in range(module.count(".") + 1):
        part = ".".join(module.split(".")[: i + 1])
        sys.modules.setdefault(part, types.ModuleType(part))
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    setattr(sys.modules[module], name, value)
    return value


STORAGES = {
    "f4": stub("torch", "FloatStorage", type("FloatStorage", (), {})),
    "i8": stub("torch", "LongStorage", type("LongStorage", (), {})),
}
rebuild_tensor = stub("torch._utils", "_rebuild_tensor_v2", lambda *a: None)
rebuild_parameter = stub("torch._utils", "_rebuild_parameter", lambda *a: None)
load_from_bytes = stub("torch.storage", "_load_from_bytes", lambda *a: None)


class Storage:
    def __init__(self, array: np.ndarray) -> None:
        self.array, self.kind = array.reshape(-1), array.dtype.str[1:]

    def __reduce__(self) -> tuple:
        return load_from_bytes, (save(self),)


class Tensor:
    def __init__(self, array: np.ndarray, storage: Storage | None = None, offset: int = 0) -> None:
        self.array, self.storage, self.offset = array, storage or Storage(array), offset

    def __reduce__(self) -> tuple:
        strides = tuple(s // self.array.itemsize for s in self.array.strides)
        return rebuild_tensor, (
            self.storage,
            self.offset,
            self.array.shape,
            strides,
            False,
            collections.OrderedDict(),
        )


class Parameter(Tensor):
    def __reduce__(self) -> tuple:
        return rebuild_parameter, (
            Tensor(self.array, self.storage),
            True,
            collections.OrderedDict(),
        )


def save(value: object, protocol: int = 2) -> bytes:
    out, storages = io.BytesIO(), {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> tuple | None:
            if not isinstance(obj, Storage):
                return None
            key = (
                str(94_000_000_000_000 + 64 * len(storages))
                if id(obj) not in storages
                else storages[id(obj)][0]
            )
            storages[id(obj)] = (key, obj)
            return ("storage", STORAGES[obj.kind], key, "cpu", len(obj.array), None)

    for header in (MAGIC_NUMBER, PROTOCOL_VERSION, SYSTEM):
        pickle.dump(header, out, protocol)
    Pickler(out, protocol).dump(value)
    by_key = dict(storages.values())
    pickle.dump(sorted(by_key), out, protocol)
    for key in sorted(by_key):
        out.write(struct.pack("<q", len(by_key[key].array)) + by_key[key].array.tobytes())
    return out.getvalue()


def main() -> None:
    rng = np.random.default_rng(1)
    weight = Storage(rng.random((4, 3), dtype="f4"))
    state = collections.OrderedDict(
        {
            "a.weight": Tensor(weight.array.reshape(4, 3), weight),
            "tied": Tensor(weight.array.reshape(4, 3)[1:], weight, 3),
            "a.bias": Parameter(rng.random(4, dtype="f4")),
            "steps": Tensor(np.array([7])),
        }
    )
    for protocol in (2, 4):
        (OUT / f"legacy-{protocol}.pt").write_bytes(
            save({"state_dict": state, "epoch": 3}, protocol)
        )
    (OUT / "legacy.pth").write_bytes(
        save(
            collections.OrderedDict({str(i): Tensor(rng.random(2, dtype="f4")) for i in range(12)})
        )
    )
    (OUT / "legacy-empty.pt").write_bytes(save({"epoch": 3}))
    # what pickle.dumps makes of tensors: each storage is a file of this form in a byte string
    (OUT / "tensors.pkl").write_bytes(
        pickle.dumps(
            {"weight": state["a.weight"], "tied": state["tied"], "steps": state["steps"]}, 4
        )
    )


if __name__ == "__main__":
    main()
