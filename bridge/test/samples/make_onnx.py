"""Makes the honest ONNX samples with the real libraries.

pip install onnx skl2onnx scikit-learn && python make_onnx.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

OUT = Path(__file__).resolve().parent / "honest" / "onnx"
F = TensorProto.FLOAT
RANDOM = np.random.default_rng(7)


def main() -> None:
    warnings.simplefilter("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    estimators()
    save("mlp", mlp())
    save("typed-data", typed_data())
    save("control-flow", control_flow())
    save("functions", functions())
    save("sparse", sparse())
    save("quantized", quantized())
    save("contrib", contrib())
    save("training", training())
    external()


def save(name: str, model: onnx.ModelProto, **options: object) -> None:
    onnx.save(model, OUT / f"{name}.onnx", **options)


def model_of(
    nodes: list,
    initializers: list,
    inputs: list,
    outputs: list,
    opsets: dict | None = None,
    **options: object,
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    imports = [
        helper.make_opsetid(domain, version) for domain, version in (opsets or {"": 21}).items()
    ]
    return helper.make_model(
        graph, opset_imports=imports, producer_name="samples", ir_version=10, **options
    )


def value(name: str, shape: list, kind: int = F) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weights(name: str, *shape: int, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(RANDOM.normal(size=shape).astype(dtype), name)


def estimators() -> None:
    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    trained = {
        "sklearn-logistic": LogisticRegression(max_iter=500),
        "sklearn-forest": RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0),
        "sklearn-pipeline": make_pipeline(
            StandardScaler(), MLPClassifier((8,), max_iter=50, random_state=0)
        ),
        "sklearn-columns": make_pipeline(
            ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [2, 3])]),
            SVC(probability=True, random_state=0),
        ),
        "sklearn-boosting": GradientBoostingRegressor(n_estimators=5, max_depth=2, random_state=0),
        "sklearn-kmeans": KMeans(3, random_state=0, n_init=1),
    }
    for name, estimator in trained.items():
        estimator.fit(x, y)
        save(name, to_onnx(estimator, x[:1]))
    texts = np.array([["the model is live"], ["the scan is over"], ["roll it back"]])
    vectorizer = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts[:, 0], [0, 1, 1])
    from skl2onnx.common.data_types import StringTensorType

    save("sklearn-text", to_onnx(vectorizer, initial_types=[("text", StringTensorType([None]))]))


def mlp() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], "dense", transB=1, doc_string="first"),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["l"]),
        helper.make_node("Softmax", ["l"], ["y"], axis=-1),
    ]
    model = model_of(
        nodes,
        [weights("w1", 8, 4), weights("b1", 8), weights("w2", 8, 3)],
        [value("x", ["batch", 4])],
        [value("y", ["batch", 3])],
    )
    helper.set_model_props(model, {"license": "MIT", "classes": "setosa,versicolor,virginica"})
    onnx.checker.check_model(model)
    return onnx.shape_inference.infer_shapes(model)


def typed_data() -> onnx.ModelProto:
    kinds = {
        "f": (F, [1.5, -2.0]),
        "d": (TensorProto.DOUBLE, [1.5, -2.0]),
        "h": (TensorProto.FLOAT16, [1.5, -2.0]),
        "bf": (TensorProto.BFLOAT16, [1.5, -2.0]),
        "i8": (TensorProto.INT8, [-1, 7]),
        "i32": (TensorProto.INT32, [-5, 2**31 - 1]),
        "i64": (TensorProto.INT64, [-5, 2**62]),
        "u64": (TensorProto.UINT64, [5, 2**63]),
        "u32": (TensorProto.UINT32, [5, 2**32 - 1]),
        "b": (TensorProto.BOOL, [True, False]),
        "s": (TensorProto.STRING, ["a", "grüße"]),
        "c": (TensorProto.COMPLEX64, [1 + 2j, 3j]),
        "z": (TensorProto.COMPLEX128, [1 + 2j, 3j]),
        "i4": (TensorProto.INT4, [-3, 7]),
        "u4": (TensorProto.UINT4, [3, 7]),
        "f8": (TensorProto.FLOAT8E4M3FN, [1.5, -2.0]),
    }
    initializers = [
        helper.make_tensor(name, kind, [2], values) for name, (kind, values) in kinds.items()
    ]
    initializers += [
        helper.make_tensor("empty", F, [0, 3], []),
        helper.make_tensor("scalar", F, [], [1.0]),
        weights("wide", 3, dtype=np.float64),
    ]
    nodes = [
        helper.make_node("Identity", ["x"], ["y"]),
        helper.make_node("Constant", [], ["k"], value=helper.make_tensor("", F, [3], [1, 2, 3])),
    ]
    return model_of(nodes, initializers, [value("x", [1])], [value("y", [1])])


def control_flow() -> onnx.ModelProto:
    branch = lambda name, operator: helper.make_graph(
        [helper.make_node(operator, ["x", f"{name}_w"], [f"{name}_y"])],
        name,
        [],
        [value(f"{name}_y", [4])],
        [weights(f"{name}_w", 4)],
    )
    body = helper.make_graph(
        [
            helper.make_node("Add", ["v", "one"], ["v_out"]),
            helper.make_node("Identity", ["c"], ["c_out"]),
        ],
        "body",
        [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("v", [4])],
        [value("c_out", [], TensorProto.BOOL), value("v_out", [4])],
        [weights("one", 4)],
    )
    nodes = [
        helper.make_node(
            "If",
            ["cond"],
            ["chosen"],
            then_branch=branch("then", "Add"),
            else_branch=branch("else", "Mul"),
        ),
        helper.make_node("Loop", ["n", "cond", "chosen"], ["y"], body=body),
    ]
    return model_of(
        nodes,
        [helper.make_tensor("n", TensorProto.INT64, [], [3])],
        [value("x", [4]), value("cond", [], TensorProto.BOOL)],
        [value("y", [4])],
    )


def functions() -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    slope = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    leak = helper.make_node("LeakyRelu", ["a"], ["b"])
    leak.attribute.append(slope)
    inner = helper.make_function("local", "Leak", ["a"], ["b"], [leak], opsets, ["slope"])
    outer = helper.make_function(
        "local",
        "Block",
        ["a", "w"],
        ["c"],
        [
            helper.make_node("MatMul", ["a", "w"], ["m"]),
            helper.make_node("Leak", ["m"], ["c"], domain="local", slope=0.1),
        ],
        opsets,
    )
    nodes = [
        helper.make_node("Block", ["x", "w"], ["h"], domain="local"),
        helper.make_node("Block", ["h", "w"], ["y"], domain="local"),
    ]
    return model_of(
        nodes,
        [weights("w", 4, 4)],
        [value("x", [1, 4])],
        [value("y", [1, 4])],
        {"": 21, "local": 1},
        functions=[inner, outer],
    )


def sparse() -> onnx.ModelProto:
    flat = helper.make_sparse_tensor(
        helper.make_tensor("flat", F, [2], [1.0, 2.0]),
        helper.make_tensor("flat_i", TensorProto.INT64, [2], [1, 7]),
        [2, 4],
    )
    grid = helper.make_sparse_tensor(
        helper.make_tensor("grid", F, [2], [1.0, 2.0]),
        numpy_helper.from_array(np.array([[0, 1], [1, 3]], np.int64), "grid_i"),
        [2, 4],
    )
    nodes = [
        helper.make_node("Constant", [], ["k"], sparse_value=flat),
        helper.make_node("Add", ["x", "grid"], ["y"]),
    ]
    model = model_of(nodes, [], [value("x", [2, 4])], [value("y", [2, 4])])
    model.graph.sparse_initializer.append(grid)
    return model


def quantized() -> onnx.ModelProto:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["dw"]),
        helper.make_node("MatMul", ["d", "dw"], ["y"]),
    ]
    numbers = [
        numpy_helper.from_array(RANDOM.integers(-127, 127, (4, 4)).astype(np.int8), "w"),
        helper.make_tensor("s", F, [], [0.1]),
        helper.make_tensor("z", TensorProto.INT8, [], [0]),
    ]
    model = model_of(nodes, numbers, [value("x", [1, 4])], [value("y", [1, 4])])
    annotation = model.graph.quantization_annotation.add(tensor_name="x")
    for key, name in (("SCALE_TENSOR", "s"), ("ZERO_POINT_TENSOR", "z")):
        annotation.quant_parameter_tensor_names.add(key=key, value=name)
    return model


def contrib() -> onnx.ModelProto:
    nodes = [
        helper.make_node("FusedMatMul", ["x", "w"], ["h"], domain="com.microsoft", alpha=0.5),
        helper.make_node("Gelu", ["h"], ["y"], domain="com.microsoft"),
    ]
    return model_of(
        nodes,
        [weights("w", 4, 4)],
        [value("x", [1, 4])],
        [value("y", [1, 4])],
        {"": 21, "com.microsoft": 1},
    )


def training() -> onnx.ModelProto:
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [weights("w", 4, 4)],
        [value("x", [1, 4])],
        [value("y", [1, 4])],
        {"": 21, "ai.onnx.preview.training": 1},
    )
    step = helper.make_graph(
        [
            helper.make_node(
                "Adagrad",
                ["r", "t", "w", "g", "h"],
                ["w2", "h2"],
                domain="ai.onnx.preview.training",
                norm_coefficient=0.1,
            )
        ],
        "step",
        [],
        [value("w2", [4, 4])],
    )
    begin = helper.make_graph(
        [helper.make_node("RandomNormal", [], ["w0"], shape=[4, 4])],
        "begin",
        [],
        [value("w0", [4, 4])],
    )
    model.training_info.append(helper.make_training_info(step, [("w", "w2")], begin, [("w", "w0")]))
    return model


def external() -> None:
    """As exporters write models whose weights are too large for one file: one data file for all,
    and one for each tensor.
    """
    big = {"save_as_external_data": True, "size_threshold": 0, "convert_attribute": True}
    save("external", mlp(), **big, location="external.onnx.data")
    save("external-each", mlp(), **big, all_tensors_to_one_file=False)


if __name__ == "__main__":
    main()
