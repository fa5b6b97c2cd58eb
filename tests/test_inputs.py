"""What prediction reads is what training saw: the same bits, whichever way a table is read."""

import csv
import io
import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dlcli import DatasetError
from dlcli.config.sections import PreprocessConfig
from dlcli.config.steps import Impute, MinMax, Ordinal
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import csv_reader, load_csv
from dlcli.models.signature import Signature
from dlcli.prediction.memory import blocks_of_frame
from dlcli.prediction.rows import blocks_of_text
from dlcli.preparation.fitting import fit_preprocessor, resolve
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.report import TransformReport

words = st.sampled_from(
    ["a", "b c", 'say "x"', "d,e", "f;g", "two\nlines", " padded ", "서울", "NA?", "#h", "1", "x\ty", "=1+1"]
)  # fmt: skip
floats = st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr)
gap = st.sampled_from(["", "NA", "nan"])
CELLS = {
    "width": st.integers(-1000, 1000).map(str),
    "height": st.one_of(floats, floats, floats, gap),
    "city name": st.one_of(words, words, words, gap),
    "한글": st.sampled_from(["yes", "no"]),
}
TYPES = {"width": "numeric", "height": "numeric", "city name": "categorical"}
tables = st.lists(st.tuples(*CELLS.values()), min_size=4, max_size=40)
SECTIONS = [
    PreprocessConfig(),
    PreprocessConfig(
        numeric=(Impute(strategy="median", indicator=True), MinMax()),
        categorical=(Impute(), Ordinal()),
    ),
]


def write_table(path, names, rows, *, delimiter, quoting, end, encoding):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(names)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def transformed(blocks, preprocessor):
    parts = [
        preprocessor.transform(block.values, TransformReport()) for block in blocks if len(block)
    ]
    return np.concatenate(parts)


def signature(dataset, preprocessor):
    return Signature(
        dataset.columns, dataset.dialect, preprocessor, preprocessor.input_shape, "probability",
        dataset.target.class_names, dataset.target,
    )  # fmt: skip


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=tables,
    section=st.sampled_from(SECTIONS),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    order=st.permutations(range(len(CELLS))),
    train=st.floats(0.3, 1.0),
    told=st.booleans(),
    chunks=st.sampled_from([(1, 30), (1, 300), (1 << 20, 4 << 20)]),
)
def test_prediction_reads_what_training_saw(
    tmp_path, rows, section, delimiter, quoting, end, encoding, order, train, told, chunks
):
    names = list(CELLS)
    written = {"delimiter": delimiter, "quoting": quoting, "end": end, "encoding": encoding}
    path = tmp_path / "data.csv"
    labelled = [[*row, "xy"[index % 2]] for index, row in enumerate(rows)]
    write_table(path, [*names, "label"], labelled, **written)
    options = {"delimiter": delimiter, "types": TYPES} if told else {}
    loader = CsvLoader(path=str(path), target="label", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "MIN_PANDAS_SIZE", chunks[0])
        patch.setattr(csv_reader, "MAX_CHUNK_SIZE", chunks[1])
        try:
            dataset = load_csv(loader, path, "data")
            chosen = resolve(dataset, section)
            count = max(2, int(train * len(rows)))
            fitted = fit_preprocessor(dataset, np.arange(count), chosen)
            seen = fitted.transform(dataset.x)
        except DatasetError:  # nothing but gaps, or not told and not to be guessed
            assume(False)
        assert list(dataset.x) == names
        restored = Preprocessor.from_json(json.loads(json.dumps(fitted.to_json())))
        model = signature(dataset, restored)

        again = transformed(blocks_of_text(path, model), restored)

        other = tmp_path / "rows.csv"
        shuffled = [[row[at] for at in order] for row in rows]
        write_table(other, [names[at] for at in order], shuffled, **written)
        unlabelled = transformed(blocks_of_text(other, model), restored)
    records = tmp_path / "rows.jsonl"
    records.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows))
    from_json = transformed(blocks_of_text(records, model), restored)
    from_memory = transformed(blocks_of_frame(pd.DataFrame(dataset.x), model), restored)
    for found in (again, unlabelled, from_json, from_memory):
        assert found.dtype == np.float32
        assert np.array_equal(found.view(np.int32), seen.view(np.int32))


def test_a_missing_value_of_the_only_column_is_a_row(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("age,label\n" + "".join(f"{n % 7 or ''},{'ab'[n % 2]}\n" for n in range(30)))
    dataset = load_csv(CsvLoader(path=str(path), target="label"), path, "data")
    fitted = fit_preprocessor(dataset, np.arange(30), resolve(dataset, PreprocessConfig()))
    rows = tmp_path / "rows.csv"
    rows.write_text('age\n1\n""\n\n3\n')

    blocks = list(blocks_of_text(rows, signature(dataset, fitted)))

    assert sum(map(len, blocks)) == 3
    assert any("rows.csv:4: blank lines are skipped" in said for said in blocks[0].notices)


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_permuted_columns_are_found_by_name(tmp_path, name):
    path = tmp_path / "data.csv"
    path.write_text("a,b,label\n" + "".join(f"{n},{-n},{'xy'[n % 2]}\n" for n in range(30)))
    dataset = load_csv(CsvLoader(path=str(path), target="label"), path, "data")
    fitted = fit_preprocessor(dataset, np.arange(30), resolve(dataset, PreprocessConfig()))
    rows = tmp_path / name
    rows.write_text("b,a\n-7,7\n" if name.endswith("csv") else '{"b": -7, "a": 7}\n')

    found = transformed(blocks_of_text(rows, signature(dataset, fitted)), fitted)

    assert np.array_equal(found, fitted.transform(dataset.x)[7:8])


def test_a_repeated_key_among_many_is_found_quickly(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,label\n" + "".join(f"{n},{-n},{'xy'[n % 2]}\n" for n in range(30)))
    dataset = load_csv(CsvLoader(path=str(path), target="label"), path, "data")
    fitted = fit_preprocessor(dataset, np.arange(30), resolve(dataset, PreprocessConfig()))
    rows = tmp_path / "rows.jsonl"
    keys = [f'"k{number}": 1' for number in range(20_000)]
    rows.write_text("{" + ", ".join([*keys, keys[-1]]) + "}\n")
    started = time.process_time()

    with pytest.raises(DatasetError, match=r"rows\.jsonl:1: the key 'k19999' appears twice"):
        list(blocks_of_text(rows, signature(dataset, fitted)))

    assert time.process_time() - started < 2  # 6 s when each key was counted
