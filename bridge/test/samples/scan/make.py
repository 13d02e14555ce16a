"""Makes the honest samples with the real libraries. Small, and the same from run to run as far as
the libraries allow.

    /tmp/v/bin/python make.py # numpy scipy scikit-learn pandas joblib safetensors (lightgbm,
    xgboost-cpu)

torch.py-like files are written here byte by byte as torch.save lays them out, since PyTorch itself
is larger than this repository.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import pickle
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
from safetensors.numpy import save_file
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

OUT = Path(__file__).resolve().parent / "honest"


def main() -> None:
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    plain()
    arrays()
    estimators()
    frames()


def dump(name: str, value: object, protocol: int) -> None:
    (OUT / name).write_bytes(pickle.dumps(value, protocol=protocol))


def plain() -> None:
    value = {
        "none": None,
        "flags": [True, False],
        "ints": [0, 1, -1, 255, 256, 65536, -70000, 2**31, 2**40, -(2**63), 2**200],
        "float": [0.5, -1e300, float("inf")],
        "text": ["ascii", "grüße", "日本", "\ud800", "line\nfeed", "back\\slash", "x" * 300],
        "bytes": [b"", b"\x00\xff", b"y" * 300],
        "tuple": ((), (1,), (1, 2), (1, 2, 3), tuple(range(10))),
        "set": {1, 2, 3},
        "frozen": frozenset("ab"),
        "nested": {"a": {"b": [{}, [], ()]}},
        "ordered": collections.OrderedDict(a=1, b=2),
        "default": collections.defaultdict(list, a=[1]),
        "counter": collections.Counter("abca"),
        "deque": collections.deque([1, 2], 5),
        "when": datetime.datetime(2026, 1, 2, 3, 4, 5),
        "day": datetime.date(2026, 1, 2),
        "delta": datetime.timedelta(days=1),
        "zone": datetime.UTC,
        "decimal": decimal.Decimal("1.5"),
        "complex": 1 + 2j,
        "range": range(3),
        "slice": slice(1, 2),
        "bytearray": bytearray(b"abc"),
    }
    value["same"] = value["nested"]
    for protocol in range(6):
        dump(f"plain-{protocol}.pkl", value, protocol)


def arrays() -> None:
    rng = np.random.default_rng(1)
    value = {
        "f4": rng.random((3, 4), dtype=np.float32),
        "f8": rng.random(5),
        "i8": np.arange(5),
        "bool": np.array([True, False]),
        "text": np.array(["a", "bc"]),
        "objects": np.array([1, "a", None], dtype=object),
        "fields": np.zeros(2, dtype=[("a", "<i4"), ("b", "<f8", (2,))]),
        "scalar": np.float64(1.5),
        "int": np.int64(3),
        "when": np.array(["2026-01-01"], dtype="datetime64[D]"),
        "fortran": np.asfortranarray(rng.random((2, 3))),
        "dtype": np.dtype("f4"),
        "type": np.float32,
        "masked": np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        "ufunc": np.log1p,
        "generator": np.random.default_rng(2),
        "state": np.random.RandomState(3),
    }
    for protocol in range(6):
        dump(f"numpy-{protocol}.pkl", value, protocol)
    np.save(OUT / "plain.npy", value["f4"])
    np.save(OUT / "fields.npy", value["fields"])
    np.save(OUT / "objects.npy", value["objects"], allow_pickle=True)
    np.save(OUT / "scalar.npy", np.array(3.5))
    np.savez(OUT / "stored.npz", a=value["f4"], b=value["i8"])
    np.savez_compressed(OUT / "packed.npz", a=np.zeros((50, 50)), b=value["i8"])
    for kind in ("csr", "csc", "coo"):
        dump(f"sparse-{kind}.pkl", scipy.sparse.random(5, 5, 0.3, format=kind, random_state=1), 4)
    save_file(
        {"weight": value["f4"], "bias": value["f8"], "empty": np.zeros((0, 3))},
        OUT / "plain.safetensors",
        metadata={"format": "np"},
    )


def estimators() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((40, 4)), np.array([0, 1] * 20)
    texts = ["the cat sat", "the dog ran", "a cat ran"] * 4
    for estimator in (
        LogisticRegression(),
        LinearRegression(),
        Ridge(),
        SGDClassifier(random_state=1),
        SVC(),
        GaussianNB(),
        MultinomialNB(),
        KNeighborsClassifier(algorithm="kd_tree"),
        DecisionTreeClassifier(max_depth=3),
        RandomForestClassifier(3, max_depth=3),
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        MLPClassifier((4,), max_iter=5, random_state=1),
        KMeans(2, n_init=1),
        PCA(2),
        IsolationForest(n_estimators=3, max_samples=8),
        StandardScaler(),
        MinMaxScaler(),
        GaussianProcessRegressor(),
        make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression()),
        GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2),
        make_pipeline(
            ColumnTransformer(
                [
                    ("a", StandardScaler(), [0, 1]),
                    ("b", OneHotEncoder(handle_unknown="ignore"), [2]),
                ]
            ),
            DecisionTreeClassifier(max_depth=2),
        ),
    ):
        estimator.fit(x, y)
        name = (
            "-".join(step for step, _ in estimator.steps)
            if hasattr(estimator, "steps")
            else type(estimator).__name__.lower()
        )
        dump(f"sklearn-{name}.pkl", estimator, 5)
        if isinstance(estimator, (LogisticRegression, RandomForestClassifier)):
            dump(f"sklearn-{name}-0.pkl", estimator, 0)
            dump(f"sklearn-{name}-2.pkl", estimator, 2)
    joblib.dump(LogisticRegression().fit(x, y), OUT / "logistic.joblib")
    joblib.dump(RandomForestClassifier(2, max_depth=2).fit(x, y), OUT / "forest.joblib")
    joblib.dump(
        {
            "a": rng.random((3, 4)),
            "b": np.array([1, "a"], dtype=object),
            "c": np.array(["x", "yz"]),
            "d": np.zeros((0, 3)),
            "e": np.asfortranarray(rng.random((2, 3))),
            "m": np.float32,
        },
        OUT / "arrays.joblib",
    )
    dump("sklearn-tfidf.pkl", TfidfVectorizer().fit(texts), 4)
    dump("sklearn-count.pkl", CountVectorizer().fit(texts), 4)


def frames() -> None:
    frame = pd.DataFrame(
        {
            "a": [1, 2],
            "b": [0.5, 1.5],
            "c": ["x", "y"],
            "d": pd.to_datetime(["2026-01-01", "2026-01-02"]),
        }
    )
    dump("pandas-frame.pkl", frame, 5)
    dump("pandas-series.pkl", frame["b"], 4)
    dump("pandas-category.pkl", frame["c"].astype("category"), 4)


if __name__ == "__main__":
    main()
