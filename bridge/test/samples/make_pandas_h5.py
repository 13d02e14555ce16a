"""Writes honest/keras/pandas-*.h5 and pytables.h5: tables as pandas and PyTables keep them in HDF5,
with what they pickle.

python -m venv /tmp/v && /tmp/v/bin/pip install pandas tables
/tmp/v/bin/python bridge/test/samples/make_pandas_h5.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import tables

OUT = Path(__file__).resolve().parent / "honest" / "keras"

if __name__ == "__main__":
    numbers = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4, 5, 6]})
    numbers.to_hdf(OUT / "pandas-fixed.h5", key="frame", mode="w")
    mixed = numbers.assign(
        word=["red", "green", "blue"],
        when=pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]),
    )
    with pd.HDFStore(str(OUT / "pandas-table.h5"), "w", complevel=1) as store:
        store.append("frame", mixed, index=False, expectedrows=3)
    with tables.open_file(OUT / "pytables.h5", "w") as file:
        file.create_carray(
            "/",
            "packed",
            obj=np.arange(16).reshape(4, 4),
            filters=tables.Filters(5, "zlib", shuffle=True, fletcher32=True),
        )
        file.create_array("/", "flags", np.array([True, False]))
        objects = file.create_vlarray("/", "objects", tables.ObjectAtom(), chunkshape=8)
        objects.append({"layers": [3, 2]})
        objects.append(["red", "green", None])
        file.root._v_attrs.settings = {"rate": 0.1, "units": [1, 2]}
    for name in ("pandas-fixed.h5", "pandas-table.h5", "pytables.h5"):
        print(name, (OUT / name).stat().st_size)
