"""Each preprocessing step as an expression of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.config import steps as config_steps
from dlcli.eject import transformers
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import Call, Code, expression
from dlcli.preparation.steps import PUNCTUATION, FittedStep

PREPROCESSING = "from sklearn.preprocessing import"


@dataclass(frozen=True)
class StepSite:
    """Where a step stands.

    Parameters
    ----------
    ejection : Ejection
    fitted : FittedStep
        The step as it was fitted to the training rows.
    has_nan : bool
        Whether the training rows of its columns have gaps of their own.
    is_text : bool
        Whether its columns hold categories.
    """

    ejection: Ejection
    fitted: FittedStep
    has_nan: bool = False
    is_text: bool = False

    def need(self, *statements: str) -> None:
        """Add imports."""
        self.ejection.script.need(*statements)

    def helper(self, name: str, text: str) -> str:
        """Add a transformer, and what it is derived from; return its name."""
        self.need("import numpy as np", transformers.BASE)
        return self.ejection.script.helper(name, text)

    def sklearn(self, name: str, **keywords: Any) -> list[Any]:
        """Return an estimator of ``sklearn.preprocessing``."""
        self.need(f"{PREPROCESSING} {name}")
        return [Call(name, (), keywords)]

    def function(self, text: str) -> list[Any]:
        """Return a transformer that calls a function."""
        self.need(f"{PREPROCESSING} FunctionTransformer")
        return [Call("FunctionTransformer", (Code(text),))]


Writer = Callable[[Any, StepSite], list[Any]]
WRITERS: dict[type[config_steps.Step], Writer] = {}
# Steps that no script can have, with the reason.
INEXPRESSIBLE: dict[type[config_steps.Step], str] = {}


def _writes(step: type[config_steps.Step]) -> Callable[[Writer], Writer]:
    def register(writer: Writer) -> Writer:
        WRITERS[step] = writer
        return writer

    return register


def _without_constants(site: StepSite, sizes: Any) -> list[Any]:
    """Return a transformer that sets constant columns to 0, if there are any."""
    if np.asarray(sizes).all():
        return []
    site.helper("WithoutConstants", transformers.CONSTANT)
    return [Call("WithoutConstants")]


@_writes(config_steps.Standardize)
def _standardize(step: Any, site: StepSite) -> list[Any]:
    return [*site.sklearn("StandardScaler"), *_without_constants(site, site.fitted.scale)]  # type: ignore[attr-defined]


@_writes(config_steps.MinMax)
def _min_max(step: Any, site: StepSite) -> list[Any]:
    return [*site.sklearn("MinMaxScaler"), *_without_constants(site, site.fitted.span)]  # type: ignore[attr-defined]


@_writes(config_steps.Log)
def _log(step: Any, site: StepSite) -> list[Any]:
    site.helper("Log", transformers.LOG)
    return [Call("Log")]


@_writes(config_steps.Scale)
def _scale(step: Any, site: StepSite) -> list[Any]:
    return site.function(f"lambda values: values / {expression(_plain_number(step.divisor))}")


@_writes(config_steps.Impute)
def _impute(step: Any, site: StepSite) -> list[Any]:
    site.need("from sklearn.impute import SimpleImputer")
    strategy = step.strategy or ("most_frequent" if site.is_text else "mean")
    keywords: dict[str, Any] = {} if strategy == "mean" else {"strategy": strategy}
    before: list[Any] = []
    if step.missing_values is not None:
        number = _plain_number(step.missing_values)
        if site.has_nan:
            site.need("import numpy as np")
            before = site.function(f"lambda values: np.where(values == {number!r}, np.nan, values)")
        else:
            keywords = {"missing_values": number, **keywords}
    if step.indicator:
        keywords["add_indicator"] = True
    return [*before, Call("SimpleImputer", (), keywords)]


@_writes(config_steps.Robust)
def _robust(step: Any, site: StepSite) -> list[Any]:
    scaled = [*site.sklearn("RobustScaler"), *_without_constants(site, site.fitted.scale)]  # type: ignore[attr-defined]
    if not step.smooth_clip:
        return scaled
    site.helper("smooth_clip", transformers.SMOOTH_CLIP)
    return [*scaled, *site.function("smooth_clip")]


@_writes(config_steps.Quantile)
def _quantile(step: Any, site: StepSite) -> list[Any]:
    rows = len(site.ejection.split.train)
    columns = site.fitted.quantiles  # type: ignore[attr-defined]
    return [
        *site.sklearn(
            "QuantileTransformer",
            n_quantiles=min(step.n_quantiles, rows),
            output_distribution=step.output_distribution,
            subsample=None,
        ),
        *_without_constants(site, [column[0] < column[-1] for column in columns]),
    ]


@_writes(config_steps.Power)
def _power(step: Any, site: StepSite) -> list[Any]:
    if step.method == "box-cox" and not all(site.fitted.scale):  # type: ignore[attr-defined]
        raise inexpressible(
            "the step power with box-cox",
            "a column is constant in the training rows, which scikit-learn refuses; drop it",
        )
    return [
        *site.sklearn("PowerTransformer", method=step.method),
        *_without_constants(site, site.fitted.scale),  # type: ignore[attr-defined]
    ]


@_writes(config_steps.Clip)
def _clip(step: Any, site: StepSite) -> list[Any]:
    site.need("import numpy as np")
    if step.quantiles is not None:
        site.helper("ClipQuantiles", transformers.CLIP)
        return [Call("ClipQuantiles", step.quantiles)]
    low, high = expression(step.min), expression(step.max)
    return site.function(f"lambda values: np.clip(values, {low}, {high})")


@_writes(config_steps.Polynomial)
def _polynomial(step: Any, site: StepSite) -> list[Any]:
    keywords = {"interaction_only": True} if step.interaction_only else {}
    return site.sklearn("PolynomialFeatures", degree=step.degree, **keywords, include_bias=False)


@_writes(config_steps.Periodic)
def _periodic(step: Any, site: StepSite) -> list[Any]:
    site.helper("circle", transformers.PERIODIC)
    periods = expression([_plain_number(period) for period in step.period])
    return site.function(f"lambda values: circle(values, {periods})")


@_writes(config_steps.OneHot)
def _one_hot(step: Any, site: StepSite) -> list[Any]:
    limits = {
        name: value
        for name in ("max_categories", "min_frequency")
        if (value := getattr(step, name)) is not None
    }
    unknown = "infrequent_if_exist" if limits else "ignore"
    return site.sklearn("OneHotEncoder", handle_unknown=unknown, **limits, sparse_output=False)


@_writes(config_steps.Ordinal)
def _ordinal(step: Any, site: StepSite) -> list[Any]:
    return site.sklearn("OrdinalEncoder", handle_unknown="use_encoded_value", unknown_value=-1)


@_writes(config_steps.Hash)
def _hash(step: Any, site: StepSite) -> list[Any]:
    site.need("from sklearn.feature_extraction import FeatureHasher", "import pandas as pd")
    items = "[str(text)]"
    if step.split == "whitespace":
        items = f"{_words(site, 'lower_and_strip_punctuation', 'whitespace', 1)}(text)"
    name = site.helper("HashWords", transformers.HASH.format(items=items))
    keywords = {} if step.alternate_sign else {"alternate_sign": False}
    return [Call(name, (step.buckets,), keywords)]


@_writes(config_steps.DateParts)
def _date_parts(step: Any, site: StepSite) -> list[Any]:
    site.need("import pandas as pd")
    site.helper("DateParts", transformers.DATES)
    keywords: dict[str, Any] = {"parts": step.parts} if step.parts else {}
    return [Call("DateParts", (), {**keywords, **({"cyclic": True} if step.cyclic else {})})]


@_writes(config_steps.Vectorize)
def _vectorize(step: Any, site: StepSite) -> list[Any]:
    site.need("from collections import Counter")
    words_of = _words(site, step.standardize, step.split, step.ngrams)
    if step.output_mode == "int":
        site.need("import math")
        text = transformers.VECTORIZE.format(
            cut="codes[-self.length_ :]" if step.truncating == "pre" else "codes[: self.length_]",
            put="row[-len(codes) :]" if step.padding == "pre" else "row[: len(codes)]",
        )
        name = site.helper("Vectorizer", text.replace("words_of", words_of))
        length = step.output_sequence_length
        keywords = {"max_tokens": step.max_tokens, **({"length": length} if length else {})}
        return [Call(name, (), keywords)]
    is_weighted = step.output_mode == "tf_idf"
    if is_weighted:
        site.need("import math")
    text = transformers.BAG.format(
        what="The weight of each word of the vocabulary in a text: TF-IDF, scaled to length 1."
        if is_weighted
        else "Whether each word of the vocabulary occurs in a text.",
        weights=transformers.WEIGHTS if is_weighted else "",
        count="+= 1" if is_weighted else "= 1",
        scale=transformers.SCALE if is_weighted else "",
    )
    name = site.helper("BagOfWords", text.replace("words_of", words_of))
    return [Call(name, (), {"max_tokens": step.max_tokens})]


@_writes(config_steps.Pad)
def _pad(step: Any, site: StepSite) -> list[Any]:
    site.helper("Pad", transformers.PAD)
    keywords: dict[str, Any] = {"length": step.length} if step.length else {}
    return [Call("Pad", (), {**keywords, **({} if step.normalize else {"normalize": False})})]


def _words(site: StepSite, standardize: str, split: str, ngrams: int) -> str:
    """Add the function that cuts a text into words, and return its name."""
    lines = []
    if standardize in ("lower_and_strip_punctuation", "lower"):
        lines.append("text = text.lower()")
    if standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        lines.append("text = text.translate(TO_BLANKS)")
    whole = "text.split()" if split == "whitespace" else 'list("".join(text.split()))'
    unit = "words" if split == "whitespace" else "characters"
    if ngrams == 1:
        lines.append(f"return {whole}")
    else:
        unit += f" and sequences of up to {ngrams}"
        joint = '" "' if split == "whitespace" else '""'
        lines += [
            f"words = {whole}",
            "longer = [",
            f"    {joint}.join(words[start : start + length])",
            f"    for length in range(2, {ngrams + 1})",
            "    for start in range(len(words) - length + 1)",
            "]",
            "return words + longer",
        ]
    body = "\n".join(f"    {line}" for line in lines)
    text = transformers.WORDS.format(punctuation=repr(PUNCTUATION), unit=unit, body=body)
    if "TO_BLANKS" not in body:
        text = text[text.index("def words_of") :]
    return site.ejection.script.helper("words_of", text)


def _plain_number(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value
