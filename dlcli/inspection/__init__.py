"""Model files looked through before anything is built from them: they may come from strangers."""

from dlcli.inspection.architecture import Architecture, Layer, inspect_architecture
from dlcli.inspection.archive import inspect_archive
from dlcli.inspection.arrays import inspect_npz
from dlcli.inspection.graph import graph_operators, inspect_graph
from dlcli.inspection.limits import DEFAULT, Limits, limits_of
from dlcli.inspection.source import Source, open_source
from dlcli.inspection.storage import Stored, inspect_storage

__all__ = [
    "DEFAULT",
    "Architecture",
    "Layer",
    "Limits",
    "Source",
    "Stored",
    "graph_operators",
    "inspect_architecture",
    "inspect_archive",
    "inspect_graph",
    "inspect_npz",
    "inspect_storage",
    "limits_of",
    "open_source",
]
