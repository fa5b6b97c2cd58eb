"""Full names of the keys of a config: ``fit.epochs`` for ``epochs`` or ``epoch``."""

from __future__ import annotations

from dlcli.config.sections import Config

# Usual names of keys in scripts and other programs.
SYNONYMS = {
    "lr": "learning_rate",
    "epoch": "epochs",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "batch": "batch_size",
    "bs": "batch_size",
    "validation_split": "validation",
    "val": "validation",
    "validation_size": "validation",
    "test_size": "test",
    "test_split": "test",
    "random_state": "seed",
    "random_seed": "seed",
    "n_splits": "folds",
    "k": "folds",
    "layers": "model",
    "data": "dataset",
    "opt": "optimizer",
    "metric": "metrics",
    "callback": "callbacks",
}
# Arguments of most optimizers; `dlcli.config.overrides` finds the optimizer.
OPTIMIZER_ARGUMENTS = ("learning_rate", "weight_decay", "clipnorm", "momentum")


def full_key(name: str) -> str:
    """Return the key that a short name means, as in ``fit.epochs``; empty if there is none."""
    name = name.strip().replace("-", "_")
    name = SYNONYMS.get(name.lower(), name)
    if name in Config.model_fields:
        return name
    if name in OPTIMIZER_ARGUMENTS:
        return f"optimizer.{name}"
    for key, field in Config.model_fields.items():
        if key != "dataset" and name in getattr(field.annotation, "model_fields", {}):
            return f"{key}.{name}"
    return ""
