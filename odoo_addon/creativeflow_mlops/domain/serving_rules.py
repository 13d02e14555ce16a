"""What a version may ask of the cluster. The bridge has the same rules (contract/serving.ts);
tests/model/serving_cases.json holds both to one table.
"""

import re
from fractions import Fraction

KEYS = ("port", "readinessPath", "gpus", "cpu", "memory", "replicas", "protocol")
PROTOCOLS = ("open-inference-v2", "http")
WHOLE = {"port": (1, 65_535), "gpus": (0, 16), "replicas": (1, 64)}
CPU = re.compile(r"[0-9]{1,6}m|[0-9]{1,4}(\.[0-9]{1,3})?")
CORES_MAX = 1024
MEMORY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?)(Ki|Mi|Gi|Ti|k|M|G|T)?")
BYTES = {
    None: 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
MEMORY_MIN, MEMORY_MAX = 4 * 2**20, 64 * 2**40
PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/-]{0,255}")


def serving_faults(serving):
    """What is wrong with it, a sentence each that names the field; empty: nothing is."""
    if serving is None or serving is False:
        return []
    if not isinstance(serving, dict):
        return ["serving must be an object."]
    return [
        f"serving.{name}: {remedy}"
        for name, remedy in ((name, _remedy(name, value)) for name, value in serving.items())
        if remedy
    ]


def _remedy(name, value):
    if name in WHOLE:
        least, most = WHOLE[name]
        fine = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fine else f"give a whole number from {least} to {most}."
    if name == "cpu":
        return (
            None
            if _is_cpu(value)
            else 'give cores as a text, such as "500m", "0.5" or "2", up to 1024.'
        )
    if name == "memory":
        return (
            None
            if _is_memory(value)
            else 'give a size as a text, such as "512Mi" or "2Gi" (not "GB"), from 4Mi to 64Ti.'
        )
    if name == "readinessPath":
        return (
            None
            if is_serving_path(value)
            else 'give a path that begins with /, without "..", "//", spaces, "?", "%" or "#".'
        )
    if name == "protocol":
        return None if value in PROTOCOLS else f"give one of {', '.join(PROTOCOLS)}."
    return f"there is no such field; known are {', '.join(KEYS)}."


def is_serving_path(value):
    return (
        isinstance(value, str)
        and bool(PATH.fullmatch(value))
        and "//" not in value
        and not {"..", "."} & set(value.split("/"))
    )


def _is_cpu(value):
    if not isinstance(value, str) or not CPU.fullmatch(value):
        return False
    cores = Fraction(int(value[:-1]), 1000) if value.endswith("m") else Fraction(value)
    return 0 < cores <= CORES_MAX


def _is_memory(value):
    match = MEMORY.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return False
    size = Fraction(match[1]) * BYTES[match[2]]
    return MEMORY_MIN <= size <= MEMORY_MAX and size.denominator == 1
