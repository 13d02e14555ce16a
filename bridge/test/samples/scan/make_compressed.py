"""Makes the honest compressed files with the libraries that people use.

/tmp/v/bin/python make_compressed.py          # numpy scikit-learn joblib lz4 zstandard
"""

from __future__ import annotations

import gzip
import io
import pickle
import warnings
import zlib
from pathlib import Path

import joblib
import numpy as np
import zstandard
from sklearn.linear_model import LogisticRegression

OUT = Path(__file__).resolve().parent / "honest"


def main() -> None:
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    model = LogisticRegression().fit(rng.random((40, 4)), np.array([0, 1] * 20))
    value = {
        "model": model,
        "array": rng.random((3, 4)),
        "objects": np.array([1, "a"], dtype=object),
        "zeros": np.zeros(3000),
        "text": np.array(["x", "yz"] * 20),
    }
    for how in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
        joblib.dump(value, OUT / f"packed-{how}.joblib", compress=(how, 3))
    joblib.dump(value, OUT / "by-name.joblib.gz")
    (OUT / "old-zf.joblib").write_bytes(
        b"ZF"
        + hex(len(pickle.dumps(model, 2))).ljust(19).encode()
        + zlib.compress(pickle.dumps(model, 2), 3)
    )
    with gzip.open(OUT / "plain.pkl.gz", "wb") as file:
        pickle.dump(model, file, 4)
    plain = pickle.dumps(
        {"weights": list(range(3000)), "same": [0.5] * 900, "noise": rng.bytes(2000)}, 4
    )
    (OUT / "sized.pkl.zst").write_bytes(
        zstandard.ZstdCompressor(level=12, write_checksum=True).compress(plain)
    )
    stream = io.BytesIO()
    with zstandard.ZstdCompressor(level=1).stream_writer(stream, closefd=False) as writer:
        writer.write(plain)
    (OUT / "streamed.pkl.zst").write_bytes(stream.getvalue())


if __name__ == "__main__":
    main()
