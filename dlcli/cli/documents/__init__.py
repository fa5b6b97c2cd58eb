"""The JSON that commands print with ``--json``: one document per command, described by a schema.

A key has the same meaning in every document: ``run`` and ``model`` are paths, ``rows`` is a number
of rows, ``notes`` are the lines that are printed as notes. A number that is not finite is null.
Keys may be added; a change that breaks a reader raises ``schema_version``.
"""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.cli.documents.descriptions import (
    CheckDocument,
    CheckedConfig,
    CompareDocument,
    ConfigEntry,
    DataListDocument,
    DataSetEntry,
    DataShowDocument,
    Decision,
    ErrorContents,
    ErrorDocument,
    InitDocument,
    InspectDocument,
    ListDocument,
    Run,
    RunsDocument,
    RunTest,
)
from dlcli.cli.documents.parts import Document, Problem, card_part, scores_part
from dlcli.cli.documents.results import (
    BaselineDocument,
    ComparedModel,
    Comparison,
    EjectDocument,
    EvaluateDocument,
    ExportDocument,
    Fold,
    KfoldDocument,
    LearningCurveDocument,
    ModelScore,
    PredictDocument,
    ReproduceDocument,
    RowPrediction,
    Summary,
    SweepDocument,
    TrainDocument,
    TuneDocument,
)

DOCUMENTS: Mapping[str, type[Document]] = {
    "init": InitDocument,
    "train": TrainDocument,
    "kfold": KfoldDocument,
    "baseline": BaselineDocument,
    "learning-curve": LearningCurveDocument,
    "sweep": SweepDocument,
    "tune": TuneDocument,
    "evaluate": EvaluateDocument,
    "reproduce": ReproduceDocument,
    "eject": EjectDocument,
    "predict": PredictDocument,
    "export": ExportDocument,
    "inspect": InspectDocument,
    "check": CheckDocument,
    "runs": RunsDocument,
    "compare": CompareDocument,
    "list": ListDocument,
    "data list": DataListDocument,
    "data show": DataShowDocument,
    "error": ErrorDocument,
}

__all__ = [
    "DOCUMENTS",
    "BaselineDocument",
    "CheckDocument",
    "CheckedConfig",
    "CompareDocument",
    "ComparedModel",
    "Comparison",
    "ConfigEntry",
    "DataListDocument",
    "DataSetEntry",
    "DataShowDocument",
    "Decision",
    "Document",
    "EjectDocument",
    "ErrorContents",
    "ErrorDocument",
    "EvaluateDocument",
    "ExportDocument",
    "Fold",
    "InitDocument",
    "InspectDocument",
    "KfoldDocument",
    "LearningCurveDocument",
    "ListDocument",
    "ModelScore",
    "PredictDocument",
    "Problem",
    "ReproduceDocument",
    "RowPrediction",
    "Run",
    "RunTest",
    "RunsDocument",
    "Summary",
    "SweepDocument",
    "TrainDocument",
    "TuneDocument",
    "card_part",
    "scores_part",
]
