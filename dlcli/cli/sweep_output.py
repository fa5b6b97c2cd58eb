"""What ``dlcli sweep`` and trainings with ``--seeds`` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlcli.cli.training_output import sample_mark
from dlcli.errors import plural

if TYPE_CHECKING:
    from dlcli.experiments.search.result import SweepResult

# A grid with more trials is shown from the best on.
MOST_IN_ORDER = 24
MOST_SHOWN = 12


def print_result(result: SweepResult) -> None:
    """Print the trials with their scores."""
    from dlcli.cli.columns import prose
    from dlcli.cli.formatting import duration
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_text
    from dlcli.experiments.search.over import shown_trials
    from dlcli.experiments.search.variants import short_keys, text_of
    from dlcli.number_text import number

    measure, best = result.measure, result.best
    keys = list(result.trials[0].values)
    shown = shown_trials(result.trials, measure, MOST_IN_ORDER, MOST_SHOWN)
    trainings = len(result.trials[0].trainings)
    rows = [["", *short_keys(keys), measure.metric, "±", ""]]
    for trial in shown:
        note = trial.failure or ("best" if trial is best and len(result.trials) > 1 else "")
        scores = [number(trial.mean(measure)), number(trial.std(measure))]
        rows.append([str(trial.number), *map(text_of, trial.values.values()), *scores, note])
    print_text(f"{_title(result)}\n")
    print_text(table(rows, left=0) if keys else _seed_table(result))
    if len(shown) < len(result.trials):
        print_text(f"… {len(result.trials) - len(shown)} more in {result.path / 'trials.csv'}")
    for sentence in _sentences(result):
        print_text(prose(f"\n{sentence}"))
    count = plural(len(result.trials) * trainings, "training")
    print_text(f"\n{count} in {duration(result.seconds)}; run: {result.path}")
    if best is not None and keys:
        print_text(f"to train the best:  dlcli train {result.path / 'best.yaml'}")


def _seed_table(result: SweepResult) -> str:
    """Return a row for each seed, and one for their mean."""
    from dlcli.cli.tables import table
    from dlcli.number_text import number

    measure, (trial,) = result.measure, result.trials
    scores = trial.scores(measure)
    rows = [["seed", measure.metric]]
    for seed in result.seeds:
        own = [score for (other, _), score in scores.items() if other == seed]
        rows.append([str(seed), number(sum(own) / len(own)) if own else trial.failure])
    mean, std = number(trial.mean(measure)), number(trial.std(measure))
    return f"{table(rows, left=0)}\n\n{measure.metric}: {mean} ± {std}"


def _title(result: SweepResult) -> str:
    over = []
    if len(result.seeds) > 1:
        over.append(f"{len(result.seeds)} seeds")
    if result.folds > 1:
        over.append(f"{result.folds} folds")
    rows = f"{result.measure.part} rows" if result.folds == 1 else "rows of each fold"
    each = f", {' × '.join(over)} each" if over else ""
    return f"{result.config.name}: {result.measure.metric} of the {rows}{each}" + sample_mark(
        result.sampled
    )


def _sentences(result: SweepResult) -> list[str]:
    """Say what the spread is."""
    from dlcli.number_text import number

    sentences = []
    best = result.best
    if best is None:
        return ["no training came to an end"]
    scores = list(best.scores(result.measure).values())
    if len(result.seeds) > 1 or result.folds > 1:
        over = "seeds" if len(result.seeds) > 1 else "folds"
        sentences.append(
            f"± is the standard deviation over the {over}; single trainings"
            f"{' of the best' if len(result.trials) > 1 else ''} scored "
            f"{number(min(scores))} to {number(max(scores))}"
        )
    shares = result.variance(best)
    if shares is not None:
        sentences.append(
            f"of the variance between its trainings, {shares.seed:.0%} is that of the seed, "
            f"{shares.fold:.0%} that of the fold, and {shares.rest:.0%} that of both together"
        )
    return sentences
