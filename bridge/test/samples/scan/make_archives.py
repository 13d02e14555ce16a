"""Makes honest tar and zip archives of model files with the tools that people use (Python's tarfile
and zipfile, GNU tar).

/tmp/v/bin/python make_archives.py          # numpy safetensors
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

OUT = Path(__file__).resolve().parent / "honest"


def main() -> None:
    weights = save({"weight": np.random.default_rng(1).random((4, 4), dtype="f4")})
    files = {
        "model.safetensors": weights,
        "config.json": json.dumps({"layers": 1}).encode(),
        "README": b"A small model.\n",
        "deeper/" + "a-rather-long-name-" * 4 + "/" + "and-more-" * 5 + ".safetensors": weights,
    }
    for name, layout in (
        ("pax.tar", tarfile.PAX_FORMAT),
        ("gnu.tar", tarfile.GNU_FORMAT),
        ("pax.tar.gz", tarfile.PAX_FORMAT),
    ):
        with tarfile.open(OUT / name, "w:gz" if name.endswith("gz") else "w", format=layout) as tar:
            for path, data in files.items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mtime = len(data), 1_700_000_000.5
                tar.addfile(entry, io.BytesIO(data))
    with zipfile.ZipFile(OUT / "collection.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True, parents=True)
            (Path(folder) / path).write_bytes(data)
        for layout in ("gnu", "posix", "ustar"):
            subprocess.run(
                [
                    "tar",
                    f"--format={layout}",
                    "--sort=name",
                    "--owner=user:1000",
                    "--group=user:1000",
                    "--xz",
                    "-cf",
                    OUT / f"folder-{layout}.tar.xz",
                    "-C",
                    folder,
                    ".",
                ],
                check=True,
            )


if __name__ == "__main__":
    main()
