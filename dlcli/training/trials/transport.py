"""Pieces of trainings and their outcomes as JSON, for processes that share a folder."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from dlcli.config.in_memory import document_of
from dlcli.config.load import build_config
from dlcli.config.sections import Config
from dlcli.files import to_jsonable
from dlcli.training.trials.trainer import Piece
from dlcli.training.trials.trial import Training, TrainingOutcome
from dlcli.work.shared_folder import Format


class StoredOutcome(BaseModel):
    """A `TrainingOutcome` as JSON."""

    model_config = ConfigDict(strict=True, extra="forbid")

    epochs: int
    seconds: float
    metrics: dict[str, dict[str, float]]
    failure: str

    def outcome(self) -> TrainingOutcome:
        """Return the outcome."""
        return TrainingOutcome(self.epochs, self.seconds, self.metrics, self.failure)


class _StoredTraining(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    trial: int
    split: int
    config: dict[str, Any]


class _StoredPiece(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    plan: int
    indices: list[int]
    trainings: list[_StoredTraining]


def format_of(config: Config) -> Format:
    """Return how the pieces of a search are written.

    Parameters
    ----------
    config : Config
        That of the search, whose name and origin the trainings have.
    """

    def piece_from_json(value: Any) -> tuple[int, Piece]:
        stored = _StoredPiece.model_validate(value)
        trainings = [
            Training(item.trial, _built(item.config, config), item.split)
            for item in stored.trainings
        ]
        return stored.plan, Piece(stored.indices, trainings)

    return Format(_piece_to_json, piece_from_json, _outcomes_to_json, _outcomes_from_json)


def _built(plain: dict[str, Any], config: Config) -> Config:
    return build_config(config.name, document_of(plain, config.name), pathlib.Path())


def _piece_to_json(item: tuple[int, Piece]) -> dict[str, Any]:
    plan, piece = item
    return {
        "plan": plan,
        "indices": piece.indices,
        "trainings": [
            {"trial": t.trial, "split": t.split, "config": to_jsonable(t.config.plain())}
            for t in piece.trainings
        ],
    }


def _outcomes_to_json(outcomes: Sequence[TrainingOutcome]) -> list[dict[str, Any]]:
    return [
        {"epochs": o.epochs, "seconds": o.seconds, "metrics": o.metrics, "failure": o.failure}
        for o in outcomes
    ]


def _outcomes_from_json(value: Any) -> list[TrainingOutcome]:
    return [StoredOutcome.model_validate(item).outcome() for item in value]
