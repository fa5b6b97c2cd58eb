from .amounts import quantities_of_several_units
from .arff import LAST_ATTRIBUTE
from .binary_file import BinaryFile, is_packed_table, open_binary
from .cell_values import to_text
from .cells import propose_values
from .classes import encode_classes, name_classes
from .column_notices import is_group_name, is_identifier_name
from .column_types import has_leading_zeros
from .columns import (
    BOOLEANS,
    NEITHER,
    RawColumn,
    convert,
    objects,
    to_category,
    to_frame,
    to_numbers,
)
from .csv_reader import CsvReader
from .csv_table import dataset_of_table, load_csv
from .dates import MIDNIGHT, SHORTER, date_formats, format_date
from .delimiter import DELIMITERS
from .encodings import PREDICTION_HINTS, detect_encoding, is_surely_utf_8
from .file_table import FileTable, read_file_table
from .frame_table import date_columns, table_of_frame
from .header import (
    clean_names,
    counts_up,
    looks_like_header,
    number_names,
    position_of,
)
from .json_lines import read_json_lines
from .label_lists import (
    holds_lists,
    label_matrix,
    parse_labels,
    read_label_lists,
)
from .layout import propose_encoding, propose_layout
from .numbers import number_form, to_number
from .parsed_table import (
    head_if_large,
    is_large_table,
    may_be_dates,
    propose_parsing,
    read_parsed_table,
)
from .proposals import Proposal
from .row_reader import Block, RowReader
from .series import read_series, windows
from .several_targets import read_several, rows_without_value, to_labels
from .table import ReadOptions, Table, loader_dialect, read_table, with_texts
from .table_reader import binary_reader, text_format, text_reader
from .target_column import holds_labels, rows_without_target
from .text_file import TextFile, as_text, decode_text, open_text

__all__ = [
    "BOOLEANS", "DELIMITERS", "LAST_ATTRIBUTE", "MIDNIGHT", "NEITHER", "PREDICTION_HINTS",
    "SHORTER", "BinaryFile", "Block", "CsvReader", "FileTable", "Proposal", "RawColumn",
    "ReadOptions", "RowReader", "Table", "TextFile", "as_text", "binary_reader", "clean_names",
    "convert", "counts_up", "dataset_of_table", "date_columns", "date_formats", "decode_text",
    "detect_encoding", "encode_classes", "format_date", "has_leading_zeros", "head_if_large",
    "holds_labels", "holds_lists", "is_group_name", "is_identifier_name", "is_large_table",
    "is_packed_table", "is_surely_utf_8", "label_matrix", "load_csv", "loader_dialect",
    "looks_like_header", "may_be_dates", "name_classes", "number_form", "number_names",
    "objects", "open_binary", "open_text", "parse_labels", "position_of", "propose_encoding",
    "propose_layout", "propose_parsing", "propose_values", "quantities_of_several_units",
    "read_file_table", "read_json_lines", "read_label_lists", "read_parsed_table",
    "read_series", "read_several", "read_table", "rows_without_target", "rows_without_value",
    "table_of_frame", "text_format", "text_reader", "to_category", "to_frame", "to_labels",
    "to_number", "to_numbers", "to_text", "windows", "with_texts",
]  # fmt: skip
