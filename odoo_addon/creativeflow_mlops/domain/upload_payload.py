import re

from .serving_rules import serving_faults

VERSION_FORM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
DIGEST_FORM = re.compile(r"sha256:[0-9a-f]{64}")
# A receipt joins the fields with | and lines with \n, so neither may stand in one of them.
TEXT_FORM = re.compile(r"[^|\x00-\x1f\x7f]{1,1024}")
OBJECTS = ("params", "metrics")


def faults(payload):
    """What is wrong with the payload of register_version, as sentences; empty when it is well
    formed.
    """
    if not isinstance(payload, dict):
        return ["The payload must be an object."]
    found = [name_fault(payload.get("name")), version_fault(payload.get("version"))]
    found += [
        f"{name} must be an object."
        for name in OBJECTS
        if payload.get(name) is not None and not isinstance(payload[name], dict)
    ]
    found += serving_faults(payload.get("serving"))
    key = payload.get("idempotencyKey")
    if not isinstance(key, str) or not 1 <= len(key) <= 200:
        found.append("idempotencyKey must be a text of 1 to 200 characters.")
    artifacts = payload.get("artifacts")
    if not isinstance(artifacts, list) or not all(isinstance(one, dict) for one in artifacts):
        return [fault for fault in found if fault] + ["artifacts must be a list of objects."]
    for kind in ("model", "dockerfile"):
        if sum(one.get("kind") == kind for one in artifacts) != 1:
            found.append(f"Exactly one artifact of kind {kind} is needed.")
    if len({one.get("filename") for one in artifacts}) != len(artifacts):
        found.append("Each file name may come once.")
    found += [fault for one in artifacts for fault in artifact_faults(one)]
    return [fault for fault in found if fault]


def name_fault(name):
    fine = (
        isinstance(name, str)
        and name == name.strip()
        and TEXT_FORM.fullmatch(name)
        and len(name) <= 120
    )
    return (
        None
        if fine
        else "The model's name must have 1 to 120 characters, without control characters or |."
    )


def version_fault(version):
    fine = isinstance(version, str) and VERSION_FORM.fullmatch(version)
    return (
        None
        if fine
        else "The version must have 1 to 64 characters: letters, digits, . _ + - and a letter or "
        "digit first."
    )


def artifact_faults(artifact):
    label = artifact.get("filename")
    if artifact.get("kind") not in ("model", "dockerfile", "side"):
        yield f"{label}: kind must be model, dockerfile or side."
    for name in ("filename", "objectKey"):
        if not isinstance(artifact.get(name), str) or not TEXT_FORM.fullmatch(artifact[name]):
            yield f"{label}: {name} must be a text without control characters or |."
    if not isinstance(artifact.get("digest"), str) or not DIGEST_FORM.fullmatch(artifact["digest"]):
        yield f"{label}: digest must be sha256: and 64 hexadecimal digits."
    size = artifact.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**63:
        yield f"{label}: size must be a number of bytes."
