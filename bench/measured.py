"""Runs a command and tells its seconds, its exit status and the memory of its largest process:
measured.py COMMAND ARGUMENT…
"""

import json
import resource
import subprocess
import sys
import time

start = time.perf_counter()
try:
    status = subprocess.run(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
    ).returncode
except subprocess.TimeoutExpired:
    status = "time-out"
seconds = time.perf_counter() - start
print(
    json.dumps(
        {
            "seconds": seconds,
            "status": status,
            "kilobytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
        }
    )
)
