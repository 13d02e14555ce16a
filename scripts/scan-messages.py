"""Writes the tables of protobuf messages that the scanner reads by, from the descriptors of the
installed libraries.

    python scripts/scan-messages.py onnx # pip install onnx →
    bridge/src/scan/data/onnx-messages.json
    python scripts/scan-messages.py tensorflow # pip install tensorflow-cpu →
    bridge/src/scan/data/tensorflow-messages.json
    python scripts/scan-messages.py sentencepiece # pip install sentencepiece protobuf →
    bridge/src/scan/data/sentencepiece-messages.json

A field is `number: "name type"`; `*` behind the type: repeated; `<key:value>`: a map; `@name`: one
of a group, of which one may be set.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from google.protobuf import descriptor

DATA = Path(__file__).resolve().parent.parent / "bridge/src/scan/data"
F = descriptor.FieldDescriptor
SCALARS = {
    F.TYPE_INT32: "int32",
    F.TYPE_INT64: "int64",
    F.TYPE_UINT32: "uint32",
    F.TYPE_UINT64: "uint64",
    F.TYPE_BOOL: "bool",
    F.TYPE_ENUM: "int32",
    F.TYPE_FLOAT: "fixed32",
    F.TYPE_FIXED32: "fixed32",
    F.TYPE_DOUBLE: "fixed64",
    F.TYPE_FIXED64: "fixed64",
    F.TYPE_SINT64: "uint64",
    F.TYPE_STRING: "string",
    F.TYPE_BYTES: "bytes",
}

# in files of older releases, and not in the descriptors of newer ones
DROPPED = {
    "sentencepiece": {
        "ModelProto": {"4": "self_test_data SelfTestData"},
        "SelfTestData": {"1": "samples SelfTestData.Sample*"},
        "SelfTestData.Sample": {"1": "input string", "2": "expected string"},
    }
}


def main() -> None:
    library = sys.argv[1]
    roots, version = {"onnx": onnx, "tensorflow": tensorflow, "sentencepiece": sentencepiece}[
        library
    ]()
    messages: dict[str, dict[str, str]] = {}
    pending = list(roots)
    while pending:
        message = pending.pop()
        if name_of(message) in messages:
            continue
        messages[name_of(message)] = {
            str(field.number): field_text(field, pending)
            for field in sorted(message.fields, key=lambda field: field.number)
        }
    for name, fields in DROPPED.get(library, {}).items():
        messages[name] = dict(
            sorted((messages.get(name, {}) | fields).items(), key=lambda field: int(field[0]))
        )
    rows = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(fields)}" for name, fields in sorted(messages.items())
    )
    (DATA / f"{library}-messages.json").write_text(
        f'{{\n "library": {json.dumps(f"{library} {version}")},\n "messages": {{\n{rows}\n }}\n}}\n'
    )


def onnx() -> tuple[list[descriptor.Descriptor], str]:
    import onnx

    return [onnx.ModelProto.DESCRIPTOR], onnx.__version__


def tensorflow() -> tuple[list[descriptor.Descriptor], str]:
    import tensorflow as tf
    from tensorflow.core.protobuf import (
        fingerprint_pb2,
        saved_model_pb2,
        tensor_bundle_pb2,
        trackable_object_graph_pb2,
    )
    from tensorflow.python.keras.protobuf import saved_metadata_pb2

    modules = [
        saved_model_pb2.SavedModel,
        saved_metadata_pb2.SavedMetadata,
        fingerprint_pb2.FingerprintDef,
        tensor_bundle_pb2.BundleHeaderProto,
        tensor_bundle_pb2.BundleEntryProto,
        trackable_object_graph_pb2.TrackableObjectGraph,
    ]
    return [message.DESCRIPTOR for message in modules], tf.__version__


def sentencepiece() -> tuple[list[descriptor.Descriptor], str]:
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    return [sentencepiece_model_pb2.ModelProto.DESCRIPTOR], sentencepiece.__version__


def name_of(message: descriptor.Descriptor) -> str:
    """`onnx.TensorProto.Segment` → `TensorProto.Segment`; Keras has a SavedObject of its own"""
    package = message.file.package
    return f"{'Keras' if 'keras' in package else ''}{message.full_name.removeprefix(f'{package}.')}"


def type_of(field: descriptor.FieldDescriptor, pending: list[descriptor.Descriptor]) -> str:
    if field.type != F.TYPE_MESSAGE:
        return SCALARS[field.type]
    pending.append(field.message_type)
    return name_of(field.message_type)


def field_text(field: descriptor.FieldDescriptor, pending: list[descriptor.Descriptor]) -> str:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
        return f"{field.name} <{type_of(key, pending)}:{type_of(value, pending)}>"
    repeated = (
        "*"
        if getattr(field, "is_repeated", None)
        or getattr(field, "label", None) == getattr(F, "LABEL_REPEATED", 3)
        else ""
    )
    group = (
        f" @{field.containing_oneof.name}"
        if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1
        else ""
    )
    return f"{field.name} {type_of(field, pending)}{repeated}{group}"


if __name__ == "__main__":
    main()
