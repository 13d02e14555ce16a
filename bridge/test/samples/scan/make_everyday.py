"""Makes honest samples of what people keep beside a model: partials, time zones, addresses, texts,
and models of smaller libraries.

python -m venv /tmp/v && /tmp/v/bin/pip install numpy pandas scikit-learn joblib cloudpickle dill
pytz python-dateutil torch imbalanced-learn category_encoders feature-engine mlxtend
/tmp/v/bin/python make_everyday.py /tmp/old/bin/python make_everyday.py old # with numpy 1.26,
pandas 2.1 and scikit-learn 1.3; older ones do too
"""

from __future__ import annotations

import collections
import datetime
import functools
import ipaddress
import itertools
import logging
import operator
import pathlib
import pickle
import random
import sys
import types
import warnings
from pathlib import Path

import cloudpickle
import dateutil.tz
import dill
import numpy as np
import pandas as pd
import pytz
from dateutil.relativedelta import relativedelta
from sklearn import (
    compose,
    ensemble,
    feature_extraction,
    feature_selection,
    impute,
    linear_model,
    metrics,
    model_selection,
    pipeline,
    preprocessing,
)

OUT = Path(__file__).resolve().parent / "honest"
RNG = np.random.RandomState(1)
X = np.round(RNG.rand(12, 3), 2)
Y = np.array([0, 1] * 6)
WORDS = ["a cat sat", "a dog ran"] * 6


def main() -> None:
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["old"]:
        older()
        return
    python()
    learned()
    libraries()
    torch()


def save(name: str, value: object, protocol: int = 4) -> None:
    (OUT / f"everyday-{name}.pkl").write_bytes(pickle.dumps(value, protocol))


def python() -> None:
    long_path = pathlib.PurePosixPath(
        "/",
        *[
            "home",
            "someone",
            "projects",
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "g",
            "h",
            "i",
            "j",
            "k",
            "model.pt",
        ],
    )
    values = {
        "zones": [
            pytz.FixedOffset(90),
            pytz.timezone("Europe/Paris"),
            dateutil.tz.tzoffset("X", 3600),
            dateutil.tz.tzlocal(),
            datetime.datetime(2024, 1, 1, tzinfo=dateutil.tz.tzutc()),
            relativedelta(months=1),
        ],
        "partials": [
            functools.partial(np.clip, a_min=0, a_max=1),
            functools.partial(int, base=2),
            functools.partial(metrics.f1_score, average="macro"),
        ],
        "defaults": collections.defaultdict(
            functools.partial(collections.defaultdict, int), a=collections.defaultdict(int, b=1)
        ),
        "others": [
            ipaddress.ip_address("10.0.0.1"),
            ipaddress.ip_network("10.0.0.0/8"),
            random.Random(1),
            operator.itemgetter("text", 1),
            itertools.count(3),
            logging.getLogger("model"),
            collections.ChainMap({"a": 1}),
        ],
        "functions": [
            np.clip,
            np.nan_to_num,
            np.asarray,
            round,
            abs,
            operator.add,
            collections.abc.Mapping,
            str.lower,
            str.split,
            slice("a", "b"),
        ],
        "paths": long_path,
        "masked": [
            np.ma.masked,
            np.char.array(["a", "b"]),
            np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        ],
    }
    for name, value in values.items():
        for protocol in (0, 2, 5):
            save(f"{name}-{protocol}", value, protocol)
    (OUT / "everyday-dill-arrays.pkl").write_bytes(
        dill.dumps(
            {
                "w": np.ones((2, 2)),
                "n": collections.defaultdict(list),
                "f": slice(1, 2),
                "m": linear_model.Ridge().fit(X, Y),
                "p": functools.partial(np.clip, a_min=0, a_max=1),
            }
        )
    )
    (OUT / "everyday-cloudpickle.pkl").write_bytes(
        cloudpickle.dumps(
            [types.SimpleNamespace(a=1), functools.partial(np.clip, a_min=0, a_max=1)]
        )
    )


def learned() -> None:
    split = feature_extraction.text.CountVectorizer(
        tokenizer=str.split, preprocessor=str.lower, token_pattern=None
    )
    columns = compose.ColumnTransformer(
        [
            (
                "a",
                preprocessing.FunctionTransformer(np.clip, kw_args={"a_min": 0, "a_max": 1}),
                slice(0, 2),
            )
        ],
        remainder="passthrough",
    )
    save(
        "text-methods",
        pipeline.make_pipeline(split, linear_model.LogisticRegression()).fit(WORDS, Y),
    )
    save(
        "select-partial",
        feature_selection.SelectKBest(
            functools.partial(feature_selection.mutual_info_classif, random_state=0), k=1
        ).fit(X, Y),
    )
    save(
        "scorer",
        model_selection.GridSearchCV(
            linear_model.LogisticRegression(),
            {"C": [1]},
            cv=2,
            scoring=metrics.make_scorer(metrics.fbeta_score, beta=2),
        ).fit(X, Y),
    )
    save("function-columns", columns.fit(X))
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415

    save("iterative", impute.IterativeImputer(max_iter=1).fit(np.where(X < 0.2, np.nan, X)))


def libraries() -> None:
    from category_encoders import OrdinalEncoder  # noqa: PLC0415
    from feature_engine.imputation import MeanMedianImputer  # noqa: PLC0415
    from imblearn.over_sampling import SMOTE  # noqa: PLC0415
    from imblearn.pipeline import make_pipeline  # noqa: PLC0415
    from mlxtend.classifier import EnsembleVoteClassifier  # noqa: PLC0415

    save(
        "imblearn", make_pipeline(SMOTE(k_neighbors=2), linear_model.LogisticRegression()).fit(X, Y)
    )
    save("mlxtend", EnsembleVoteClassifier([linear_model.LogisticRegression()]).fit(X, Y))
    save("encoders", OrdinalEncoder(cols=[0], return_df=False).set_params(cols=[0]))
    save("feature-engine", MeanMedianImputer())


def torch() -> None:
    import torch as t  # noqa: PLC0415

    values = {
        "norm": {"norm": functools.partial(t.nn.LayerNorm, eps=1e-6)},
        "buffer": [t.nn.Buffer(t.ones(2)), t.nn.utils.rnn.pack_sequence([t.ones(2), t.ones(1)])],
        "spectral": t.nn.utils.spectral_norm(t.nn.Linear(2, 2)),
    }
    for name, value in values.items():
        t.save(value, OUT / f"everyday-{name}.pt")
    state = t.nn.Linear(2, 2).state_dict()
    t.save(state, OUT / "everyday-checkpoint.pth.tar")
    t.save(state, OUT / "everyday-older.pth.tar", _use_new_zipfile_serialization=False)
    t.save(state, OUT / "everyday-under-pkl.pkl")
    # a storage whose last byte is that of STOP
    (OUT / "everyday-dotted.pkl").write_bytes(pickle.dumps(t.tensor([0, 0x2E], dtype=t.uint8), 4))


def older() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "f": pd.array([1.5, None], "Float64"),
            "s": pd.arrays.SparseArray([0.0, 1.0]),
            "t": pd.to_timedelta([1, 2], unit="h"),
            "d": pd.date_range("2024", periods=2),
        }
    )
    save("older-frame", frame)
    save(
        "older-days",
        [
            pd.date_range("2024", periods=2, freq="B"),
            pd.Timestamp("2024-01-01"),
            pd.NaT,
            pd.DateOffset(months=1),
        ],
    )
    save("older-random", np.random.RandomState(np.random.PCG64(1)))
    save(
        "older-boosting", ensemble.GradientBoostingRegressor(n_estimators=1, max_depth=1).fit(X, Y)
    )
    save("older-scorer", metrics.make_scorer(metrics.f1_score, average="macro"))


if __name__ == "__main__":
    main()
