"""Tables: CSV of any dialect, fixed-width text, Excel, Parquet, ARFF and JSON."""

from dlcli.datasets.tables.binary_file import BinaryFile, is_packed_table, open_binary
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.cells import propose_values
from dlcli.datasets.tables.classes import encode_classes, name_classes
from dlcli.datasets.tables.column_notices import is_group_name
from dlcli.datasets.tables.columns import (
    NEITHER,
    RawColumn,
    convert,
    objects,
    to_category,
    to_frame,
    to_numbers,
)
from dlcli.datasets.tables.csv_reader import CsvReader
from dlcli.datasets.tables.csv_table import load_csv
from dlcli.datasets.tables.dates import date_formats, format_date
from dlcli.datasets.tables.delimiter import DELIMITERS
from dlcli.datasets.tables.encodings import PREDICTION_HINTS, is_surely_utf_8
from dlcli.datasets.tables.file_table import FileTable, read_file_table
from dlcli.datasets.tables.header import (
    clean_names,
    counts_up,
    looks_like_header,
    number_names,
    position_of,
)
from dlcli.datasets.tables.json_lines import read_json_lines
from dlcli.datasets.tables.label_lists import (
    holds_lists,
    label_matrix,
    parse_labels,
    read_label_lists,
)
from dlcli.datasets.tables.layout import propose_encoding, propose_layout
from dlcli.datasets.tables.numbers import to_number
from dlcli.datasets.tables.parsed_table import is_large_table, names_if_large, read_parsed_table
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.row_reader import Block, RowReader
from dlcli.datasets.tables.series import read_series, windows
from dlcli.datasets.tables.several_targets import read_several, rows_without_value, to_labels
from dlcli.datasets.tables.table import Table, loader_dialect, read_table, with_texts
from dlcli.datasets.tables.table_reader import binary_reader, text_format, text_reader
from dlcli.datasets.tables.target_column import holds_labels, rows_without_target
from dlcli.datasets.tables.text_file import TextFile, as_text, decode_text, open_text

__all__ = [
    "DELIMITERS", "NEITHER", "PREDICTION_HINTS", "BinaryFile", "Block", "CsvReader", "FileTable",
    "Proposal", "RawColumn", "RowReader", "Table", "TextFile", "as_text", "binary_reader",
    "clean_names", "convert", "counts_up", "date_formats", "decode_text", "encode_classes",
    "format_date", "holds_labels", "holds_lists", "is_group_name", "is_large_table",
    "is_packed_table",
    "is_surely_utf_8", "label_matrix", "load_csv", "loader_dialect", "looks_like_header",
    "name_classes", "names_if_large", "number_names", "objects", "open_binary", "open_text",
    "parse_labels", "position_of", "propose_encoding", "propose_layout", "propose_values",
    "read_file_table", "read_json_lines", "read_label_lists", "read_parsed_table", "read_series",
    "read_several", "read_table", "rows_without_target", "rows_without_value", "text_format",
    "text_reader", "to_category", "to_frame", "to_labels", "to_number", "to_numbers", "to_text",
    "windows", "with_texts",
]  # fmt: skip
