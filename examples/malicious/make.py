"""Makes model.pkl: a pickle that runs a shell command in whoever loads it.

The command only prints a line, so the file is harmless; its form is that of the real thing, and the
scan must stop it (`pickle-global-blocked`, `pickle-call-blocked`).

    python make.py
"""

import os
import pickle
from pathlib import Path


class Payload:
    def __reduce__(self):
        return os.system, ("echo this ran because somebody loaded a pickle",)


if __name__ == "__main__":
    Path(__file__).with_name("model.pkl").write_bytes(
        pickle.dumps({"weights": [0.1, 0.2], "config": Payload()}, protocol=4)
    )
