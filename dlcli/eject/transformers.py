"""Source text of the transformers that scikit-learn does not have."""

from __future__ import annotations

BASE = "from sklearn.base import BaseEstimator, TransformerMixin"

LOG = '''\
class Log(TransformerMixin, BaseEstimator):
    """Natural logarithm; of 1 + x for columns with zeros."""

    def fit(self, x, y=None):
        self.shift_ = np.where(np.nanmin(np.asarray(x, float), axis=0) == 0, 1.0, 0.0)
        return self

    def transform(self, x):
        smallest = np.finfo("float32").tiny  # a later value may be below 0
        return np.log(np.maximum(np.asarray(x, float) + self.shift_, smallest))

    def inverse_transform(self, x):
        return np.exp(x) - self.shift_
'''

CLIP = '''\
class ClipQuantiles(TransformerMixin, BaseEstimator):
    """Move values beyond two quantiles of the training rows to these quantiles."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def fit(self, x, y=None):
        bounds = np.nanquantile(np.asarray(x, float), [self.low, self.high], axis=0)
        self.low_, self.high_ = bounds
        return self

    def transform(self, x):
        return np.clip(np.asarray(x, float), self.low_, self.high_)
'''

CONSTANT = '''\
class WithoutConstants(TransformerMixin, BaseEstimator):
    """Set columns that are constant in training to 0: nothing can be learned from them."""

    def fit(self, x, y=None):
        self.is_constant_ = np.nanmax(x, axis=0) - np.nanmin(x, axis=0) < 1e-9
        return self

    def transform(self, x):
        return np.where(self.is_constant_, 0.0, x)
'''

PERIODIC = '''\
def circle(values, periods):
    """Return sine and cosine, so that the end of a period is next to its start."""
    columns = []
    for column in np.asarray(values, float).T:
        for period in periods:
            angle = np.mod(column, period) / period * 2 * np.pi
            columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)
'''

SMOOTH_CLIP = '''\
def smooth_clip(values):
    """Bend values far from the median, so that all are between -3 and 3."""
    return values / np.hypot(1, values / 3)
'''

DATES = '''\
PARTS = {
    "year": lambda dates: dates.dt.year,
    "month": lambda dates: dates.dt.month,
    "day": lambda dates: dates.dt.day,
    "weekday": lambda dates: dates.dt.day_of_week,  # Monday is 0
    "hour": lambda dates: dates.dt.hour,
    "minute": lambda dates: dates.dt.minute,
}
PERIODS = {"month": 12, "day": 31, "weekday": 7, "hour": 24, "minute": 60}


class DateParts(TransformerMixin, BaseEstimator):
    """Parts of dates (seconds since 1970) as numbers; by default those that vary in training."""

    def __init__(self, parts=(), cyclic=False):
        self.parts, self.cyclic = parts, cyclic

    def fit(self, x, y=None):
        values = np.asarray(x, float)
        self.start_ = np.nanmin(values, axis=0)
        self.parts_ = []
        for column in values.T:
            dates = pd.Series(pd.to_datetime(np.floor(column[~np.isnan(column)]), unit="s"))
            varying = [name for name in PARTS if PARTS[name](dates).nunique() > 1]
            self.parts_.append(list(self.parts) or varying or ["year"])
        return self

    def transform(self, x):
        columns = []
        for seconds, parts, start in zip(np.asarray(x, float).T, self.parts_, self.start_):
            dates = pd.Series(pd.to_datetime(np.floor(seconds), unit="s"))
            for name in parts:
                if name == "elapsed":
                    columns.append((seconds - start) / 86400)
                    continue
                numbers = PARTS[name](dates).to_numpy(float)
                if self.cyclic and name in PERIODS:
                    angle = np.mod(numbers, PERIODS[name]) / PERIODS[name] * 2 * np.pi
                    columns += [np.sin(angle), np.cos(angle)]
                else:
                    columns.append(numbers)
        return np.column_stack(columns)
'''

WORDS = '''\
PUNCTUATION = {punctuation}
TO_BLANKS = str.maketrans({{**dict.fromkeys(PUNCTUATION, " "), "’": "'"}})


def words_of(text):
    """Cut a text into {unit}."""
{body}
'''

VECTORIZE = '''\
class Vectorizer(TransformerMixin, BaseEstimator):
    """Replace each word by its rank among the words of the training texts.

    0 is padding, 1 an unknown word, 2 the most frequent word.
    """

    def __init__(self, max_tokens, length=None):
        self.max_tokens, self.length = max_tokens, length

    def fit(self, texts, y=None):
        lists = [words_of(text) for text in texts]
        counts = Counter(word for words in lists for word in words)
        ranking = sorted(counts, key=lambda word: (-counts[word], word))
        self.vocabulary_ = ranking[: self.max_tokens - 2]
        self.code_of_ = {{word: code for code, word in enumerate(self.vocabulary_, 2)}}
        self.length_ = self.length
        if self.length_ is None:  # long enough for 95 % of the training texts
            longest = np.quantile([len(words) for words in lists], 0.95)
            self.length_ = max(1, math.ceil(longest))
        return self

    def transform(self, texts):
        rows = np.zeros((len(texts), self.length_), "float32")
        for row, text in zip(rows, texts):
            codes = [self.code_of_.get(word, 1) for word in words_of(text)] or [1]
            codes = {cut}
            {put} = codes
        return rows
'''

BAG = '''\
class BagOfWords(TransformerMixin, BaseEstimator):
    """{what}"""

    def __init__(self, max_tokens):
        self.max_tokens = max_tokens

    def fit(self, texts, y=None):
        lists = [words_of(text) for text in texts]
        counts = Counter(word for words in lists for word in words)
        ranking = sorted(counts, key=lambda word: (-counts[word], word))
        self.vocabulary_ = ranking[: self.max_tokens - 2]
        self.place_of_ = {{word: place for place, word in enumerate(self.vocabulary_)}}
{weights}        return self

    def transform(self, texts):
        rows = np.zeros((len(texts), len(self.vocabulary_)), "float32")
        for row, text in zip(rows, texts):
            for word in words_of(text):
                if word in self.place_of_:
                    row[self.place_of_[word]] {count}
{scale}        return rows
'''
WEIGHTS = """\
        texts_with = Counter(word for words in lists for word in set(words))
        self.weights_ = np.array(
            [math.log(1 + len(lists) / (1 + texts_with[word])) for word in self.vocabulary_],
            "float32",
        )
"""
SCALE = """\
        rows *= self.weights_
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
"""

HASH = '''\
class HashWords(TransformerMixin, BaseEstimator):
    """Count hashed texts in a fixed number of columns; no vocabulary is kept."""

    def __init__(self, n_features, alternate_sign=True):
        self.n_features, self.alternate_sign = n_features, alternate_sign

    def fit(self, x, y=None):
        return self

    def transform(self, x):
        hasher = FeatureHasher(
            self.n_features, input_type="string", alternate_sign=self.alternate_sign
        )
        table = pd.DataFrame(x)
        hashed = [
            hasher.transform([{items} for text in table[name]]).toarray()
            for name in table.columns
        ]
        return np.concatenate(hashed, axis=1)
'''

PAD = '''\
class Pad(TransformerMixin, BaseEstimator):
    """Give recordings one length: silence behind short ones, the end of long ones cut."""

    def __init__(self, length=None, normalize=True):
        self.length, self.normalize = length, normalize

    def fit(self, recordings, y=None):
        self.length_ = self.length or max(len(recording) for recording in recordings)
        return self

    def transform(self, recordings):
        rows = np.zeros((len(recordings), self.length_), "float32")
        for row, recording in zip(rows, recordings):
            samples = recording[: self.length_]
            peak = float(np.abs(samples).max(initial=0.0)) if self.normalize else 1.0
            row[: len(samples)] = samples / (peak or 1.0)
        return rows
'''
