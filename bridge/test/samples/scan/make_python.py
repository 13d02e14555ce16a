"""Makes honest samples of scikit-learn's families, pandas, numpy, scipy, gradient boosting and the
pickles of cloudpickle and dill.

python -m venv /tmp/v && /tmp/v/bin/pip install numpy scipy pandas scikit-learn joblib xgboost-cpu
lightgbm cloudpickle dill /tmp/v/bin/python make_python.py
"""

from __future__ import annotations

import array
import collections
import fractions
import pathlib
import pickle
import re
import subprocess
import sys
import types
import uuid
import warnings
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import scipy.sparse
from sklearn import (
    calibration,
    cluster,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    impute,
    isotonic,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    semi_supervised,
    svm,
    tree,
)

OUT = Path(__file__).resolve().parent / "honest"
RNG = np.random.default_rng(1)
X = np.round(RNG.random((12, 3)) + 0.1, 2)
Y = np.array([0, 1] * 6)
Z = np.round(RNG.random(12), 2)


def main() -> None:
    warnings.simplefilter("ignore")
    families()
    boosting()
    frames()
    arrays()
    others()


def families() -> None:
    ridge, stump = linear_model.Ridge(), tree.DecisionTreeClassifier(max_depth=1)
    pairs = [("a", linear_model.LogisticRegression()), ("b", stump)]
    estimators = [
        cluster.DBSCAN(),
        cluster.AgglomerativeClustering(2),
        cluster.MiniBatchKMeans(2, n_init=1),
        mixture.GaussianMixture(1),
        cross_decomposition.PLSRegression(1),
        decomposition.NMF(1),
        decomposition.TruncatedSVD(1),
        decomposition.LatentDirichletAllocation(1, max_iter=1),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        dummy.DummyClassifier(),
        ensemble.ExtraTreesRegressor(2, max_depth=1),
        ensemble.AdaBoostClassifier(stump, n_estimators=2),
        ensemble.BaggingClassifier(stump, n_estimators=2),
        ensemble.VotingClassifier(pairs),
        ensemble.StackingClassifier(pairs, cv=2),
        ensemble.HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=2, max_bins=4),
        feature_selection.SelectKBest(feature_selection.f_classif, k=1),
        feature_selection.RFE(ridge),
        impute.SimpleImputer(),
        impute.KNNImputer(n_neighbors=2),
        kernel_ridge.KernelRidge(),
        linear_model.Lasso(),
        linear_model.ElasticNetCV(cv=2),
        linear_model.Perceptron(),
        linear_model.HuberRegressor(),
        linear_model.RANSACRegressor(),
        linear_model.LogisticRegressionCV(cv=2),
        linear_model.BayesianRidge(),
        calibration.CalibratedClassifierCV(stump, cv=2),
        manifold.Isomap(n_neighbors=3, n_components=1),
        model_selection.GridSearchCV(stump, {"max_depth": [1, 2]}, cv=2, scoring="accuracy"),
        multiclass.OneVsRestClassifier(stump),
        naive_bayes.BernoulliNB(),
        naive_bayes.ComplementNB(),
        neighbors.KNeighborsRegressor(3, algorithm="ball_tree"),
        neighbors.NearestCentroid(),
        neighbors.LocalOutlierFactor(3, novelty=True),
        neural_network.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2),
        neural_network.BernoulliRBM(1, n_iter=1),
        preprocessing.OneHotEncoder(max_categories=3),
        preprocessing.OrdinalEncoder(),
        preprocessing.KBinsDiscretizer(2),
        preprocessing.PolynomialFeatures(2),
        preprocessing.PowerTransformer(),
        preprocessing.QuantileTransformer(n_quantiles=4),
        preprocessing.RobustScaler(),
        preprocessing.Normalizer(),
        preprocessing.SplineTransformer(3),
        random_projection.GaussianRandomProjection(1),
        semi_supervised.LabelPropagation(),
        svm.LinearSVC(),
        svm.OneClassSVM(),
        svm.SVR(),
        tree.ExtraTreeClassifier(max_depth=1),
        pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", decomposition.PCA(1))]),
        multioutput.MultiOutputRegressor(ridge),
        feature_selection.VarianceThreshold(),
    ]
    for index, estimator in enumerate(estimators):
        kind = type(estimator).__name__
        target = (
            np.c_[Z, Z]
            if kind == "MultiOutputRegressor"
            else Z
            if kind in ("PLSRegression", "RFE")
            or kind.endswith("Regressor")
            or kind in ("Lasso", "ElasticNetCV", "KernelRidge", "BayesianRidge", "SVR")
            else Y
        )
        estimator.fit(X, target)
        if index % 7 == 6:
            joblib.dump(estimator, OUT / f"family-{kind.lower()}.joblib")
        else:
            (OUT / f"family-{kind.lower()}.pkl").write_bytes(
                pickle.dumps(estimator, protocol=index % 6)
            )
    one = {
        "labels": preprocessing.LabelEncoder().fit(["a", "b"]),
        "binary": preprocessing.LabelBinarizer().fit(Y),
        "multi": preprocessing.MultiLabelBinarizer().fit([["a"], ["b"]]),
        "steps": isotonic.IsotonicRegression().fit(X[:, 0], Z),
        "dicts": feature_extraction.DictVectorizer().fit([{"a": 1}, {"b": "x"}]),
        "hashing": feature_extraction.text.HashingVectorizer(),
        "scorer": model_selection.cross_validate(ridge, X, Z, cv=2),
    }
    (OUT / "family-others.pkl").write_bytes(pickle.dumps(one, protocol=4))


def boosting() -> None:
    import lightgbm
    import xgboost

    classifier = xgboost.XGBClassifier(n_estimators=1, max_depth=1).fit(X, Y)
    (OUT / "xgb-classifier.pkl").write_bytes(pickle.dumps(classifier))
    (OUT / "xgb-booster.pkl").write_bytes(pickle.dumps(classifier.get_booster(), protocol=2))
    classifier.save_model(OUT / "xgb-model.json")
    classifier.save_model(OUT / "xgb-model.ubj")
    xgboost.train({"booster": "gblinear"}, xgboost.DMatrix(X, Y), 1).save_model(
        OUT / "xgb-linear.json"
    )
    xgboost.train({"booster": "dart", "max_depth": 1}, xgboost.DMatrix(X, Y), 2).save_model(
        OUT / "xgb-dart.ubj"
    )
    categories = pd.DataFrame({"a": pd.Categorical(["x", "y", "z"] * 4), "b": Z})
    xgboost.XGBClassifier(n_estimators=1, max_depth=2, enable_categorical=True).fit(
        categories, Y
    ).save_model(OUT / "xgb-categories.json")
    xgboost.XGBClassifier(n_estimators=1, max_depth=1, multi_strategy="multi_output_tree").fit(
        X, np.arange(12) % 3
    ).save_model(OUT / "xgb-outputs.ubj")
    joblib.dump(
        xgboost.XGBRegressor(n_estimators=1, max_depth=1).fit(X, Z), OUT / "xgb-regressor.joblib"
    )
    light = lightgbm.LGBMClassifier(
        n_estimators=1, min_child_samples=1, num_leaves=2, verbose=-1
    ).fit(X, Y)
    (OUT / "lgb-classifier.pkl").write_bytes(pickle.dumps(light))
    (OUT / "lgb-booster.pkl").write_bytes(pickle.dumps(light.booster_, protocol=3))
    light.booster_.save_model(OUT / "lgb-model.txt")
    lightgbm.LGBMRegressor(
        n_estimators=1,
        num_leaves=3,
        min_child_samples=1,
        min_data_per_group=1,
        cat_smooth=1,
        verbose=-1,
    ).fit(categories, Z).booster_.save_model(OUT / "lgb-categories.txt")
    lightgbm.LGBMRegressor(
        n_estimators=1, num_leaves=2, min_child_samples=1, linear_tree=True, verbose=-1
    ).fit(X, Z).booster_.save_model(OUT / "lgb-linear.txt")
    scaled = pipeline.make_pipeline(
        preprocessing.StandardScaler(),
        lightgbm.LGBMRegressor(n_estimators=1, num_leaves=2, min_child_samples=1, verbose=-1),
    ).fit(X, Z)
    joblib.dump(scaled, OUT / "lgb-pipeline.joblib", compress=3)


def frames() -> None:
    days = pd.date_range("2026-01-01", periods=3, freq="D")
    values = {
        "utc": pd.DataFrame({"a": days.tz_localize("UTC")}),
        "days": pd.Series(range(3), index=days),
        "months": pd.period_range("2026-01", periods=2, freq="M"),
        "deltas": pd.timedelta_range("1D", periods=2),
        "nullable": pd.DataFrame(
            {
                "a": pd.array([1, None], dtype="Int64"),
                "b": pd.array([True, None], dtype="boolean"),
                "c": pd.array([1.5, None], dtype="Float64"),
            }
        ),
        "text": pd.Series(["a", None], dtype="string"),
        "levels": pd.DataFrame(
            [[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("c", "d")])
        ),
        "bins": pd.cut(pd.Series([1, 2, 3]), 2),
        "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
        "named-zone": pd.Series(pd.date_range("2026", periods=3, tz="Europe/Paris")),
        "scalars": [
            pd.Timestamp("2026-01-01", tz="UTC"),
            pd.Timedelta("1D"),
            pd.Period("2026-01", freq="M"),
            pd.NA,
            pd.NaT,
            pd.Interval(0, 1),
        ],
    }
    for index, (name, value) in enumerate(values.items()):
        (OUT / f"pandas-{name}.pkl").write_bytes(pickle.dumps(value, protocol=2 + index % 4))


def arrays() -> None:
    kinds = {
        "float16": "f2",
        "complex": "c16",
        "big-endian": ">i4",
        "text": "U3",
        "bytes": "S3",
        "date": "M8[ns]",
        "void": "V4",
        "bool": "?",
    }
    for name, code in kinds.items():
        np.save(OUT / f"type-{name}.npy", np.zeros((2, 3), dtype=code))
    np.save(OUT / "type-fortran.npy", np.asfortranarray(np.ones((2, 3))))
    np.save(OUT / "type-empty.npy", np.zeros((0, 4)))
    np.savez(
        OUT / "types.npz",
        **{
            str(index): np.zeros(2, dtype=code)
            for index, code in enumerate([*kinds.values(), "f4", "i8", "u2", "m8[s]"])
        },
    )
    np.savez_compressed(OUT / "objects.npz", names=np.array([1, "a", None], dtype=object))
    scipy.sparse.save_npz(OUT / "sparse.npz", scipy.sparse.eye(3).tocsr())
    generators = [
        np.random.default_rng(1),
        np.random.Generator(np.random.MT19937(1)),
        np.random.Generator(np.random.Philox(1)),
        np.random.Generator(np.random.SFC64(1)),
        np.random.SeedSequence(1),
    ]
    (OUT / "numpy-generators.pkl").write_bytes(pickle.dumps(generators, protocol=4))
    shapes = {
        kind: scipy.sparse.random(3, 3, 0.5, format=kind, random_state=1)
        for kind in ("lil", "dok", "bsr", "dia")
    } | {"array": scipy.sparse.csr_array(np.eye(2))}
    (OUT / "sparse-others.pkl").write_bytes(pickle.dumps(shapes, protocol=5))
    records = [
        np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.polynomial.Polynomial([1, 2]),
        np.poly1d([1, 2]),
        np.matrix([[1]]),
        np.datetime64("2026"),
        np.longdouble(1),
        np.str_("a"),
        np.bool_(True),
    ]
    (OUT / "numpy-records.pkl").write_bytes(pickle.dumps(records, protocol=3))


def others() -> None:
    plain = {"a": [1, 2.5], "n": np.ones(2), "o": collections.OrderedDict(b=1), "t": (1, "x")}
    (OUT / "cloudpickle-data.pkl").write_bytes(cloudpickle.dumps(plain))
    (OUT / "cloudpickle-ridge.pkl").write_bytes(cloudpickle.dumps(linear_model.Ridge().fit(X, Z)))
    # people call joblib's files .pkl
    joblib.dump(linear_model.Ridge().fit(X, Z), OUT / "joblib-under-pkl.pkl")
    joblib.dump(
        {"model": linear_model.Ridge().fit(X, Z), "names": np.array(["a", "b"], dtype=object)},
        OUT / "joblib-packed-under-pkl.pkl",
        compress=3,
    )
    # in a process of its own: dill changes how pickle writes. Its arrays are refused: they name a
    # function and any arguments
    data = "import dill, sys; sys.stdout.buffer.write(dill.dumps({'a': [1, 2.5], 't': (1, 'x'), 's': {1}, 'b': b'x'}))"
    (OUT / "dill-data.pkl").write_bytes(
        subprocess.run([sys.executable, "-c", data], capture_output=True, check=True).stdout
    )
    library = [
        uuid.UUID(int=1),
        pathlib.PurePosixPath("/a/b"),
        fractions.Fraction(1, 3),
        re.compile("a+", re.IGNORECASE),
        types.SimpleNamespace(a=1),
        array.array("d", [1.0]),
        len,
        10**50,
        1j,
        ...,
        [int, str, dict, np.float32],
    ]
    for protocol in (2, 5):
        (OUT / f"library-{protocol}.pkl").write_bytes(pickle.dumps(library, protocol=protocol))


if __name__ == "__main__":
    main()
