"""Bad input, a line each: what is given, and what the user is told.

The numbers are those of the areas below; several cases may share one.

 1-26   the config: YAML, keys, components, values
27-38   the network and its target
39-70   the table, or the folder of pictures
71-75   cross-validation
77-91   training and its surroundings
95-102  prediction

Ends with 2 unless a case says otherwise; 0 where it is accepted, or accepted with a note.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass

Content = str | bytes


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong, or looks like it.

    Parameters
    ----------
    number : int
    name : str
    files : mapping
        Contents by name.
    command : str
        Without ``dlcli``; MODEL stands for a trained model, TEXTS for one of texts.
    says : tuple of str
        Parts of what is printed.
    code : int
        How the command ends.
    never : tuple of str
        What must not be printed.
    """

    number: int
    name: str
    files: Mapping[str, Content]
    command: str
    says: tuple[str, ...]
    code: int = 2
    never: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.number}-{self.name}"


BASE = {
    "dataset": "iris",
    "split": "{test: 0.2, validation: 0.2}",
    "model": "[{Dense: {units: 3, activation: softmax}}]",
    "loss": "categorical_crossentropy",
    "metrics": "[accuracy]",
    "fit": "{epochs: 1}",
}
TABLE = {
    "split": "{test: 0.25}",
    "model": "[{Dense: {activation: sigmoid}}]",
    "loss": "binary_crossentropy",
    "fit": "{epochs: 1}",
}
THREE = {"model": "[{Dense: {activation: softmax}}]", "loss": "categorical_crossentropy"}
NUMBER = {"model": "[Dense]", "loss": "mse"}


def _yaml(keys: Mapping[str, str]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in keys.items() if value)


def text(number: int, name: str, content: Content, *says: str, code: int = 2) -> Case:
    """Check a whole config."""
    return Case(number, name, {"exp.yaml": content}, "check exp.yaml --no-data", says, code)


def key(number: int, name: str, changes: Mapping[str, str], *says: str, code: int = 2,
        command: str = "check exp.yaml --no-data") -> Case:  # fmt: skip
    """Check a config that is right but for some keys."""
    return Case(number, name, {"exp.yaml": _yaml({**BASE, **changes})}, command, says, code)


def table(number: int, name: str, content: Content, *says: str, code: int = 2, loader: str = "",
          command: str = "check exp.yaml", never: tuple[str, ...] = (), **changes: str) -> Case:  # fmt: skip
    """Check a config against a table whose last column is ``label``."""
    loader = loader if "target:" in loader else ", ".join(filter(None, ["target: label", loader]))
    keys = {"dataset": f"{{csv: {{path: data.csv, {loader}}}}}", **TABLE, **changes}
    files = {"data.csv": content, "exp.yaml": _yaml(keys)}
    return Case(number, name, files, command, says, code, never)


def rows(number: int, name: str, content: Content, *says: str, code: int = 0, options: str = "",
         file: str = "rows.csv", never: tuple[str, ...] = (), model: str = "MODEL") -> Case:  # fmt: skip
    """Predict some rows with a model of people: age;city;member;height."""
    return Case(
        number, name, {file: content}, f"predict {model} {file} {options}", says, code, never
    )


def lines(count: int, row: str, header: str = "a,b,label") -> str:
    """Make a table; ``{n}`` is the number of the row, ``{l}`` one of two labels."""
    made = [row.format(n=n, l="xy"[n % 2], r=n * 7919 % 1000, m=n % 3) for n in range(count)]
    return "\n".join([header, *made]) + "\n"


PLAIN = lines(40, "{n}.5,{r},{l}")
PEOPLE = "age;city;member;height\n31;Seoul;yes;1.70\n42;Busan;no;1.81\n"
KOREAN = "이름,나이,결과\n" + "".join(
    f"김{n},{n}5,{'합격' if n % 2 else '불합격'}\n" for n in range(1, 9)
)
LATIN = "città,n,label\n" + "".join(f"Forlì{n % 3},{n},{'ab'[n % 2]}\n" for n in range(12))

CONFIG = [
    text(1, "empty", "", "exp.yaml:1: the file is empty", "dlcli list"),
    text(1, "only comments", "# nothing\n\n", "the file is empty"),
    text(2, "a list", "- dataset: iris\n", "expected keys with values at the top level"),
    text(2, "a text", "hello\n", "expected keys with values at the top level"),
    key(3, "1e-3", {"optimizer": "{Adam: {learning_rate: 1e-3}}"}, "no problems found", code=0),
    Case(4, "labels no and on", {
        "data.csv": lines(40, "{n}.5,{r},{m}").replace(",0\n", ",no\n").replace(",1\n", ",NO\n").replace(",2\n", ",on\n"),
        "exp.yaml": _yaml({"dataset": "{csv: {path: data.csv, target: label, class_names: [NO, no, on]}}", **TABLE,
                           **THREE, "fit": "{epochs: 1, class_weight: {no: 2.0}}"}),
    }, "show exp.yaml --no-build", ("NO 13, no 14, on 13",), 0, ("False",)),
    key(5, "octal", {"fit": "{epochs: 012}"}, 'exp.yaml:6: fit.epochs: expected an integer, got "012"'),
    key(5, "sexagesimal", {"fit": "{epochs: 12:30}"}, 'expected an integer, got "12:30"'),
    key(5, "underscores", {"fit": "{epochs: 1_000}"}, 'expected an integer, got "1_000"'),
    key(5, "0o12", {"fit": "{epochs: 0o12}"}, 'expected an integer, got "0o12"'),
    table(6, "date as a name", "2024-01-01,1.10\n" + lines(20, "{n},{l}").partition("\n")[2], "2024-01-01", "classes: x 10, y 10",
          code=0, loader="target: '1.10', header: true", command="show exp.yaml --no-build"),
    text(7, "a key twice", "dataset: iris\nloss: mse\nfit: {epochs: 1}\nmodel: [Dense]\nfit: {epochs: 9}\n",
         "exp.yaml:5: fit: 'fit' is given twice (first on line 3)"),
    text(8, "a tab", "fit:\n\tepochs: 1\n", "exp.yaml:2: a tab is used for indentation; use spaces"),
    text(9, "unclosed bracket", "dataset: iris\nmodel: [Dense\n", "exp.yaml:", "not valid YAML", "^"),
    text(9, "unclosed quote", 'dataset: "iris\nmodel: [Dense]\n', "not valid YAML"),
    text(9, "two colons", "a: b: c\n", "exp.yaml:1: not valid YAML", "    a: b: c\n", "^"),
    text(10, "alias", "a: &x 1\nb: *x\n", "exp.yaml:1: anchors (&name) are not supported"),
    text(10, "an alias of itself", "a: &x [*x]\n", "anchors (&name) are not supported"),
    text(10, "bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "are not supported"),
    text(11, "3000 levels", "a: " + "[" * 3000 + "]" * 3000, "nested too deeply (at most 20 levels)"),
    text(11, "3000 levels of keys", "".join(" " * n + "a:\n" for n in range(300)), "nested too deeply"),
    text(12, "1 MB", "a: [" + "1, " * 350_000 + "]\n", "exp.yaml: larger than 256 kB"),
    text(13, "a tag", "a: !!python/object/apply:os.system [ls]\n", "exp.yaml:1: tags (", "are not supported"),
    text(13, "another tag", "a: !foo 1\n", "tags (!foo) are not supported"),
    text(14, "two documents", "a: 1\n---\nb: 2\n", "exp.yaml:2: a config is a single YAML document"),
    text(15, "byte order mark", ("\ufeff" + _yaml(BASE)).encode(), "no problems found", code=0),
    text(15, "cp949", ("# 붓꽃\n" + _yaml(BASE)).encode("cp949"), "exp.yaml:1: not UTF-8 (it looks like cp949)"),
    text(15, "UTF-16", _yaml(BASE).encode("utf-16"), "exp.yaml:1: not UTF-8 (it looks like UTF-16)"),
    text(15, "random bytes", bytes(range(256)), "exp.yaml:", "not UTF-8"),
    text(15, "NUL", "a: \0\n", "is not allowed in YAML"),
    key(16, "infinite rate", {"optimizer": "{Adam: {learning_rate: .inf}}"}, "expected a finite number"),
    key(16, "nan rate", {"optimizer": "{Adam: {learning_rate: .nan}}"}, "expected a finite number"),
    key(16, "1e400", {"optimizer": "{Adam: {learning_rate: 1e400}}"}, "expected a finite number"),
    key(16, "30 digits", {"fit": "{epochs: 100000000000000000000000000000}"}, "expected an integer"),
    key(17, "unknown key", {"fit": "{epoch: 5}"}, "exp.yaml:6: fit.epoch: unknown key 'epoch'. Did you mean 'epochs'?"),
    key(18, "unknown layer", {"model": "[{Dense: 4}, Dence]"}, "exp.yaml:3: model[1]: unknown layer 'Dence'. Did you mean 'Dense'?"),
    key(18, "unknown activation", {"model": "[{Dense: {units: 3, activation: sofmax}}]"}, "Did you mean 'softmax'?"),
    key(18, "unknown loss", {"loss": "categorical_crossentrpy"}, "Did you mean 'categorical_crossentropy'?"),
    key(18, "unknown optimizer", {"optimizer": "Adamm"}, "Did you mean 'Adam'?"),
    key(18, "unknown metric", {"metrics": "[acuracy]"}, "Did you mean 'accuracy'?"),
    key(19, "unknown argument", {"model": "[{Dense: {unit: 3}}]"}, "Dense has no argument 'unit'. Did you mean 'units'?"),
    *[key(20, f"units {value}", {"model": f"[{{Dense: {{units: {value}, activation: softmax}}}}]"},
          f"expected an integer of at least 1, got {shown}")
      for value, shown in (('"64"', "'64'"), ("64.0", "64.0"), ("0", "0"), ("-1", "-1"), ("true", "True"))],
    key(21, "dropout 50", {"model": "[{Dropout: 50}, {Dense: {activation: softmax}}]"}, "expected a number in [0, 1), got 50 (50 % is 0.5)"),
    key(21, "dropout 1.5", {"model": "[{Dropout: 1.5}, {Dense: {activation: softmax}}]"}, "expected a number in [0, 1), got 1.5"),
    key(22, "rate 0", {"optimizer": "{SGD: {learning_rate: 0}}"}, "expected a finite number greater than 0, got 0"),
    key(22, "negative rate", {"optimizer": "{SGD: {learning_rate: -0.1}}"}, "greater than 0, got -0.1"),
    key(22, "huge rate", {"optimizer": "{SGD: {learning_rate: 1e6}}"}, "1e+06 is very large; 0.001 is usual", code=0),
    key(22, "a rate that a scheduler replaces", {"optimizer": "{Adam: {learning_rate: 0.5}}", "callbacks": "[{LearningRateScheduler: {schedule: {CosineDecay: {initial_learning_rate: 0.1}}}}]"},
        "0.5 has no effect: LearningRateScheduler sets the rate; leave out its initial_learning_rate", code=0),
    key(22, "a rate of 0 before the last epoch", {"fit": "{epochs: 9}", "callbacks": "[{LearningRateScheduler: {schedule: {CosineDecay: {decay_steps: 4}}}}]"},
        "the learning rate is 0 after 4 of 9 epochs; leave it out to fall until the end", code=0),
    key(22, "an optimizer's schedule without its steps", {"optimizer": "{Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1}}}}"},
        "CosineDecay needs 'decay_steps'"),
    key(22, "huge scheduled rate", {"optimizer": "{SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 5.0, decay_steps: 9}}}}"},
        "initial_learning_rate: 5 is very large", code=0),
    key(23, "no epochs", {"fit": "{epochs: 0}"}, "fit.epochs: expected a value greater than 0, got 0"),
    key(23, "epochs in quotes", {"fit": "{epochs: '5'}"}, 'expected an integer, got "5"'),
    key(23, "no batch", {"fit": "{epochs: 1, batch_size: 0}"}, "fit.batch_size: expected a value greater than 0, got 0"),
    key(23, "batch beyond all numbers", {"fit": "{epochs: 1, batch_size: 100000000000000000000}"}, "fit.batch_size: expected a value less than"),
    key(22, "no class has weight", {"fit": "{epochs: 1, class_weight: {setosa: 0, versicolor: 0, virginica: 0}}"},
        "every class has weight 0, so nothing would be learned"),
    key(22, "rate that grows on a plateau", {"callbacks": "[{ReduceLROnPlateau: {factor: 2}}]"}, "expected a number in [0, 1), got 2"),
    key(20, "a column that is a fraction", {"dataset": "{csv: {path: x.csv, target: 1.5}}"}, "expected a column, or a list of columns, got 1.5"),
    key(24, "monitor misspelt", {"callbacks": "[{EarlyStopping: {monitor: val_los, patience: 1}}]"},
        "monitor 'val_los' will not exist. Did you mean 'val_loss'?"),
    key(25, "monitor without validation", {"split": "{test: 0.2}", "callbacks": "[{EarlyStopping: {patience: 1}}]"},
        "monitor 'val_loss' will not exist", "set split.validation"),
    key(26, "relative path", {"dataset": "{csv: {path: nowhere/data.csv, target: y}}"}, "no file 'nowhere/data.csv'", command="check exp.yaml"),
    key(26, "home", {"dataset": "{csv: {path: ~/no such file.csv, target: y}}"}, "no file '", "no such file.csv", command="check exp.yaml"),
    key(26, "variable", {"dataset": "{csv: {path: $DATA/data.csv, target: y}}"}, "no file '$DATA/data.csv'", command="check exp.yaml"),
]  # fmt: skip

DATA = "check exp.yaml"
NETWORK = [
    table(27, "one unit with softmax", PLAIN, "1 unit with softmax is always 1; use sigmoid, or one unit per class",
          model="[{Dense: {units: 1, activation: softmax}}]"),
    table(28, "one unit with categorical loss", PLAIN, "needs one unit per class; for a single sigmoid unit use binary_crossentropy",
          model="[{Dense: {units: 1, activation: sigmoid}}]", loss="categorical_crossentropy"),
    key(29, "sigmoid with categorical loss", {"model": "[{Dense: {units: 3, activation: sigmoid}}]"},
        "use softmax for classes that exclude each other", code=0, command=DATA),
    key(30, "linear outputs", {"model": "[{Dense: 3}]"}, "activation 'linear' gives no probabilities; use softmax, or from_logits: true"),
    key(30, "relu outputs", {"model": "[{Dense: {units: 3, activation: relu}}]"}, "activation 'relu' gives no probabilities"),
    key(30, "linear outputs with logits", {"model": "[{Dense: 3}]", "loss": "{CategoricalCrossentropy: {from_logits: true}}"},
        "no problems found", code=0, command=DATA),
    key(31, "too few units", {"model": "[{Dense: {units: 2, activation: softmax}}]"},
        "the target has 3 classes (setosa, versicolor, virginica), but the last layer has 2 units"),
    key(31, "too many units", {"model": "[{Dense: {units: 5, activation: softmax}}]"}, "but the last layer has 5 units"),
    table(32, "labels -1 and 1", PLAIN.replace(",x\n", ",-1\n").replace(",y\n", ",1\n"), "classes: -1 20, 1 20",
          command="show exp.yaml --no-build", code=0),
    table(32, "labels with gaps", lines(42, "{n}.5,{r},{m}7"), "classes: 07 14, 17 14, 27 14", command="show exp.yaml --no-build",
          code=0, **THREE),
    table(33, "label of numbers, loss for classes", lines(40, "{n},{r},{n}.5"), "a loss for classes, but the target is a number",
          loss="sparse_categorical_crossentropy", model="[{Dense: {units: 3, activation: softmax}}]"),
    key(34, "sparse loss", {"loss": "sparse_categorical_crossentropy"}, "no problems found", code=0, command=DATA),
    key(35, "binary loss with three classes", {"loss": "binary_crossentropy", "model": "[{Dense: {units: 3, activation: sigmoid}}]"},
        "is for two classes, but the target has 3 classes (setosa, versicolor, virginica); use categorical_crossentropy with softmax"),
    key(35, "binary loss with three classes and one unit", {"loss": "binary_crossentropy", "model": "[{Dense: {units: 1, activation: sigmoid}}]"},
        "the last layer has 1 unit"),
    key(36, "regression with accuracy", {"dataset": "diabetes", "loss": "mse", "model": "[Dense]"}, "accuracy is for a single unit", "try mae"),
    key(36, "classes with a loss for numbers", {"loss": "mse", "model": "[{Dense: 3}]", "metrics": "[]"},
        "the outputs are not probabilities of the 3 classes", code=0),
    key(37, "convolution on a table", {"model": "[{Conv2D: {filters: 2, kernel_size: 3}}, Flatten, {Dense: {activation: softmax}}]"},
        "model[0].Conv2D: Conv2D does not accept inputs of shape (4,)", "Reshape", command="check exp.yaml"),
    key(37, "LSTM on a table", {"model": "[{LSTM: 4}, {Dense: {activation: softmax}}]"},
        "LSTM does not accept inputs of shape (4,)", "Reshape makes one from a row of numbers", command="check exp.yaml"),
    key(37, "two LSTM", {"model": "[{Reshape: {target_shape: [4, 1]}}, {LSTM: 4}, {LSTM: 4}, {Dense: {activation: softmax}}]"},
        "model[2].LSTM: LSTM does not accept inputs of shape (4,)", "Set return_sequences: true in the LSTM before it",
        command="check exp.yaml"),
    key(37, "no Flatten", {"dataset": "digits", "model": "[{Conv2D: {filters: 2, kernel_size: 3}}, {Dense: {activation: softmax}}]"},
        "the model's output has shape (6, 6, 10)", "Add Flatten", command="check exp.yaml"),
    key(37, "window larger than the image", {"dataset": "digits", "model": "[{Conv2D: {filters: 2, kernel_size: 9}}, Flatten, {Dense: {activation: softmax}}]"},
        "Conv2D does not accept inputs of shape (8, 8, 1)", "Its window is larger than its input", command="check exp.yaml"),
    key(37, "weights larger than the memory", {"model": "[{Dense: 10000000000000}, {Dense: {activation: softmax}}]"},
        "Dense: there is not enough memory for its weights", command="check exp.yaml --build"),
    key(38, "several outputs for a number", {"dataset": "diabetes", "loss": "mse", "metrics": "[mae]", "model": "[{Dense: 2}]"},
        "the target is one number, but the last layer has 2 units"),
]  # fmt: skip

SEMICOLONS = PLAIN.replace(",", ";")
FILES = [
    table(39, "empty", "", "data.csv is empty"),
    table(39, "only newlines", "\n\n\n", "data.csv is empty"),
    table(40, "header only", "a,b,label\n", "data.csv has no rows below its header"),
    table(40, "one row", "a,b,label\n1,2,x\n", "target 'label': the only class is 'x'; classification needs two or more"),
    table(40, "one row of numbers", "a,b,label\n1,2,3.5\n", "1 row; at least 2 are needed", **NUMBER),
    table(41, "byte order mark", b"\xef\xbb\xbf" + PLAIN.encode(), "no problems found", code=0),
    table(41, "UTF-16", PLAIN.encode("utf-16"), "no problems found", "data.csv is read as utf-16: 'a,b,label'", code=0),
    table(42, "cp949", KOREAN.encode("cp949"), "no problems found", "data.csv is read as cp949: '이름,나이,결과'", code=0, loader="target: 결과"),
    table(42, "cp949 said to be UTF-8", KOREAN.encode("cp949"), "data.csv:1: not UTF-8 (byte 0xc0)", "encoding: cp949", loader="target: 결과, encoding: utf-8"),
    table(42, "latin-1", LATIN.encode("latin-1"), "data.csv:1: not UTF-8 (byte 0xe0)", "`encoding: cp1252`", "the line as cp1252 'città,n,label'"),
    table(42, "latin-1 named", LATIN.encode("latin-1"), "no problems found", code=0, loader="encoding: latin-1"),
    table(42, "unknown encoding", PLAIN, "unknown encoding 'utf-9'", loader="encoding: utf-9"),
    table(42, "impossible encoding", PLAIN, "unknown encoding", loader=r'encoding: "a\0b"'),
    table(43, "long row", "a,b,label\n1,2,x\n1,2,3,y\n", "data.csv:3: 4 fields, but the first row has 3"),
    table(43, "title above the header", "My table\n\n" + PLAIN, "data.csv:3: 3 fields, but the first row has 1", "remove the lines above the header, or set `skip_rows: 2`"),
    table(44, "all rows long", lines(40, "{n},{r},{r},{l}"), "data.csv:2: 4 fields, but the first row has 3"),
    table(44, "trailing delimiter", PLAIN.replace("\n", ",\n"), "no problems found", code=0),
    table(44, "trailing delimiter below the header", PLAIN.replace("x\n", "x,\n").replace("y\n", "y,\n"), "no problems found", code=0),
    table(45, "short row", lines(40, "{n},{r},{l}") + "7,x\n", "data.csv:42: 2 fields, but the first row has 3"),
    table(46, "name twice", PLAIN.replace("a,b,", "a,a,"), "data.csv:1: column 'a' appears twice (1 and 2)"),
    table(47, "padded name", PLAIN.replace("a,b,", "a, b,"), "blanks around column names are removed: ' b'", code=0),
    table(47, "no name", PLAIN.replace("a,b,", "a,,"), "data.csv:1: column 2 has no name"),
    table(48, "semicolons", SEMICOLONS, "no problems found", code=0),
    table(48, "other delimiter than said", SEMICOLONS, "The only column is 'a;b;label': set `delimiter`", loader="delimiter: ','"),
    table(48, "impossible delimiter", PLAIN, "delimiter", loader="delimiter: '\"'"),
    table(49, "decimal comma", lines(40, "{n},5;{r};{l}", "a;b;label"), "data.csv:2: '0,5' in column 'a' has a decimal comma", 'set `decimal: ","`'),
    table(49, "thousands", lines(40, '"1,{r:03}",{r},{l}'), "in column 'a' has commas between its digits", 'set `thousands: ","` in the loader'),
    table(49, "thousands with a blank", lines(40, "1\u00a0{r:03},{r},{l}"), "in column 'a' has thousands separators"),
    table(49, "percent", lines(40, "{n} %,{r},{l}"), "'0 %' in column 'a' has a percent sign"),
    table(49, "currency", lines(40, "${n},{r},{l}"), "'$0' in column 'a' has a currency"),
    table(49, "won", lines(40, "{n}원,{r},{l}"), "'0원' in column 'a' has a currency"),
    table(49, "decimal point where a comma was promised", PLAIN, "'0.5' in column 'a' has a decimal point", "remove `decimal` from the loader", loader="decimal: ','"),
    table(49, "units", lines(40, "{n} kg,{r},{l}"), "column 'a' holds numbers followed by other characters", code=0),
    table(49, "times of day", lines(40, "1{m}:30,{r},{l}"), "column 'a' holds numbers followed by other characters", code=0),
    table(49, "full-width digits", lines(40, "１{n},{r},{l}"), "no problems found", code=0, never=("categorical",)),
    table(49, "decimal comma in the target", lines(40, '{n},"{r},5"', "a,label"), "in the target 'label' has a decimal comma", **NUMBER),
    table(50, "newline in quotes", 'a,note,label\n1,"two\nlines",x\n2,plain,y\n3,4,x,y\n', "data.csv:5: 4 fields"),
    table(51, "unclosed quote", lines(30, "{n},{r},{l}") + '30,"5,x\n' + "31,6,y\n" * 30, "data.csv:32: a quote is opened and never closed", "quoting: false"),
    table(51, "unclosed quote before others", 'a,b,label\n1,"2,x\n3,"4",y\n', "data.csv:2: a quote is opened and never closed"),
    table(52, "NUL", "a,b,label\n1,2,x\n3,\0,y\n", "data.csv:3: a NUL byte; the file is not text"),
    table(52, "old Mac lines", PLAIN.replace("\n", "\r"), "no problems found", code=0),
    table(53, "target misspelt", PLAIN, "no target column 'lable'. Did you mean 'label'?", "columns: a, b, label", loader="target: lable"),
    table(54, "labels missing", PLAIN + "1,2,\n3,4,\n", "data.csv:42: no 'label' in 2 rows"),
    table(55, "labels NA and null", lines(42, "{n}.5,{r},{m}").replace(",0\n", ",NA\n").replace(",1\n", ",null\n").replace(",2\n", ",None\n"),
          "classes: NA 14, None 14, null 14", command="show exp.yaml --no-build", code=0, **THREE),
    table(56, "labels 007 and TRUE", PLAIN.replace(",x\n", ",007\n").replace(",y\n", ",TRUE\n"), "classes: 007 20, TRUE 20",
          command="show exp.yaml --no-build", code=0),
    table(57, "gaps", PLAIN.replace("3.5,", ",", 1).replace("4.5,", "NA,", 1), "values are missing in 'a' (2, first on line 5); `preprocess` fills them in", code=0),
    table(57, "gaps that nothing fills", PLAIN.replace("3.5,", ",", 1), "column 'a': 1 value is missing", "impute", preprocess="{numeric: standardize}", split="{test: 0}"),
    table(57, "infinite", PLAIN.replace("3.5,", "inf,", 1), "data.csv:5: 'inf' in column 'a' is infinite"),
    table(57, "1e999", PLAIN.replace("3.5,", "1e999,", 1), "data.csv:5: '1e999' in column 'a' is infinite"),
    table(57, "column of gaps", lines(40, ",{r},{l}"), "column 'a' has no value in the training rows", "drop: [a]"),
    table(58, "1e30 unscaled", lines(40, "{n}e30,{r},{l}"), "'a' reaches", "too large for a network", preprocess="{numeric: none}"),
    table(58, "1e30 scaled", lines(40, "{r}e30,{r},{l}"), "column 'a' has values beyond 1e+15", "no problems found", code=0),
    table(58, "1e300", lines(40, "{r}e300,{r},{l}"), "", preprocess="{numeric: none}"),
    table(59, "a word among numbers", PLAIN.replace("3.5,", "x,", 1), "data.csv:5: 'x' in column 'a' is not a number, but 39 of 40 values are"),
    table(59, "a very long number", PLAIN.replace("3.5,", "3" * 200_000 + ",", 1), "data.csv:5: '333", "' in column 'a' is infinite", never=("3" * 1000,)),
    table(59, "many words among numbers", "a,b,label\n" + "".join(f"{n if n % 4 else 'unknown'},{n * 7 % 10},{'xy'[n % 2]}\n" for n in range(40)),
          "column 'a' is categorical, although 30 of its 40 values are numbers; add 'unknown' to the loader's `missing`", code=0),
    table(60, "20 digits", lines(40, "123456789012345678{n:02},{r},{l}"), "column 'a' has values beyond 1e+15, whose last digits are lost", code=0),
    table(61, "dates", lines(40, "2024-01-{m:02},{r},{l}"), "column 'a' holds dates", code=0),
    table(61, "dates and times", lines(40, "{m}.1.2024 10:00,{r},{l}"), "column 'a' holds dates", code=0),
    table(62, "constant", lines(40, "7,{r},{l}"), "column 'a' has the same value in every row", code=0),
    table(62, "many constants", ",".join(f"c{n}" for n in range(50)) + ",label\n" + "".join("1," * 50 + f"{'xy'[n % 2]}\n" for n in range(40)),
          "columns 'c0', 'c1', 'c2', 'c3', 'c4' and 45 more: each has the same value in every row", code=0),
    table(63, "identifier", lines(40, "k{n},{r},{l}"), "column 'a' looks like an identifier", code=0),
    table(63, "10 000 categories", lines(10_000, "k{n},{r},{l}"), "column 'a' has 10000 categories; at most 1000 are possible", "drop: [a]"),
    table(63, "record number", lines(40, "{n},{r},{l}"), "column 'a' looks like a row number", code=0),
    table(64, "the label again", lines(100, "{l},{r},{l}"), "column 'a' alone predicts the classes of 'label': does it contain the answer?", code=0),
    table(64, "the label as a number", "a,b,label\n" + "".join(f"{n % 2 * 3.5},{n * 7 % 50},{'xy'[n % 2]}\n" for n in range(100)),
          "column 'a' alone predicts the classes of 'label'", code=0, never=("'b' alone",)),
    table(64, "a threshold", "a,b,label\n" + "".join(f"{n * 37 % 100},{n * 7 % 50},{'xy'[n * 37 % 100 > 60]}\n" for n in range(100)),
          "column 'a' alone predicts the classes", code=0),
    table(64, "the number in another unit", "a,b,label\n" + "".join(f"{n * 37 % 100 * 2.54},{n * 7 % 50},{n * 37 % 100}\n" for n in range(100)),
          "column 'a' alone predicts 'label'", code=0, **NUMBER),
    table(64, "refused on request", lines(100, "{l},{r},{l}"), "alone predicts the classes", "--strict does not allow", command="check exp.yaml --strict"),
    table(65, "rows twice", PLAIN + PLAIN.partition("\n")[2], "test rows are among the training rows too", code=0),
    table(66, "one class", lines(40, "{n},{r},x"), "target 'label': the only class is 'x'; classification needs two or more"),
    table(67, "a class in the test part alone", "part,a,label\n" + "".join(f"{'test' if n % 4 == 0 else 'train'},{n * 7 % 50},{'z' if n % 8 == 0 else 'xy'[n % 2]}\n" for n in range(40)),
          "class 'z' has no training rows, so it cannot be learned", code=0, split="{column: part}", **THREE),
    table(68, "a number wanted, a word given", PLAIN.replace(",x\n", ",cheap\n", 1), "data.csv:2: 'cheap' in column 'label' is not a number", loader="task: regression", **NUMBER),
    Case(69, "a folder", {"data.csv/x.txt": "", "exp.yaml": _yaml({"dataset": "{csv: {path: data.csv, target: label}}", **TABLE})},
         "check exp.yaml", ("no file 'data.csv'",)),
    Case(69, "an address", {"exp.yaml": _yaml({"dataset": "{csv: {path: 'https://example.org/data.csv', target: label}}", **TABLE})},
         "check exp.yaml", ("no file 'https:", "download it first")),
    Case(69, "a device", {"exp.yaml": _yaml({"dataset": "{csv: {path: /dev/zero, target: label}}", **TABLE})}, "check exp.yaml", ("no file '/dev/zero'",)),
    table(69, "damaged gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 40, "data.csv is damaged"),
    table(69, "a line without end", gzip.compress(b"1," * 10_000_000), "data.csv:1: a line is longer than 16 MB; the file is not a table"),
    table(69, "a spreadsheet", b"PK\x03\x04" + b"\0" * 2000, "data.csv is no readable zip or Excel file"),
    Case(69, "a name too long", {"exp.yaml": _yaml({"dataset": f"{{csv: {{path: {'x' * 5000}, target: label}}}}", **TABLE})}, "check exp.yaml", ("File name too long",)),
    Case(69, "an archive of pickles", {"data.npz": b"\x80\x04K\x01.", "exp.yaml": _yaml({**BASE, "dataset": "{npz: data.npz}", "split": ""})}, "check exp.yaml",
         ("it contains pickles, which can run code",), never=("unsafely",)),
    Case(70, "no picture", {"pets/cat/1.png": b"nothing", "pets/dog/1.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
                            "exp.yaml": _yaml({"dataset": "{images: {path: pets}}", **TABLE, "model": "[Flatten, {Dense: {activation: sigmoid}}]"})},
         "check exp.yaml", ("2 files cannot be read", "on_bad_file: skip",)),
]  # fmt: skip

FOLDS = [
    table(71, "more folds than rows", lines(12, "{n},{r},{n}.5"), "12 rows make at most 12 folds, not 50", command="kfold exp.yaml --folds 50", **NUMBER),
    table(71, "one fold", PLAIN, "folds", command="kfold exp.yaml --folds 1"),
    table(71, "no folds", PLAIN, "kfold.folds: expected a value greater than or equal to 2, got 0", kfold="{folds: 0}"),
    table(72, "a class of two rows", PLAIN.replace(",x\n", ",z\n", 2), "class 'z' has 2 rows, too few for 5 folds; use --folds 2 or fewer",
          command="kfold exp.yaml --folds 5", **THREE),
    table(73, "folds of numbers", lines(20, "{n},{r},{n}.5"), "2 folds", command="kfold exp.yaml --folds 2 -q", code=0, **NUMBER),
    table(74, "rows of one patient", "patient,a,label\n" + "".join(f"p{n % 7},{n * 7 % 50},{'xy'[n % 2]}\n" for n in range(60)),
          "rows with the same 'patient' may be in both training and test; `split: {group: patient}`", code=0),
    table(74, "too few groups", "patient,a,label\n" + "".join(f"p{n % 3},{n * 7 % 50},{'xy'[n % 2]}\n" for n in range(60)),
          "3 groups make at most 3 folds, not 5", command="kfold exp.yaml --folds 5", split="{group: patient}"),
    table(72, "a class in one group alone", "who,a,label\n" + "".join(f"p{n % 4},{n * 7 % 50},{'z' if n % 4 == 0 else 'xy'[n % 2]}\n" for n in range(60)),
          "class 'z' has no training rows in 1 of 4 folds", command="kfold exp.yaml --folds 4 -q", code=0, split="{group: who}", **THREE),
]  # fmt: skip

DIVERGES = {
    "optimizer": "{SGD: {learning_rate: 1e30}}",
    "model": "[{Dense: 4}, Dense]",
    "loss": "mse",
}
WORK = [
    table(77, "diverging", lines(40, "{n},{r},{n}.5"), "training diverged in epoch", "try a smaller learning rate",
          command="train exp.yaml -q", code=1, fit="{epochs: 20}", **{**DIVERGES, "preprocess": "{numeric: standardize}"}),
    table(78, "one gap", PLAIN.replace("3.5,", "nan,", 1), "values are missing in 'a' (1, first on line 5)", command="train exp.yaml -q", code=0),
    table(83, "runs in a file", PLAIN, "cannot create a run directory", "--out", command="train exp.yaml -q --out exp.yaml"),
    table(83, "runs nowhere", PLAIN, "cannot create a run directory", command="train exp.yaml -q --out /proc/nowhere"),
    table(83, "name too long", PLAIN, "cannot create a run directory", command=f"train exp.yaml -q --out {'x' * 300}"),
    Case(83, "blanks and Hangul", {"내 실험/시험 1.yaml": _yaml({"dataset": "{csv: {path: 자료.csv, target: label}}", **TABLE}), "내 실험/자료.csv": PLAIN},
         "train '내 실험/시험 1.yaml' -q --out '나의 결과'", ("run: 나의 결과/시험_1/1",), 0),
    table(87, "no GPU", PLAIN, "this machine has 0 GPUs", command="train exp.yaml -q --devices 2"),
]  # fmt: skip

ROWS = [
    rows(95, "column missing", "age;town;member;height\n1;x;yes;1\n", "rows.csv: no column 'city'", "the columns of the model are age, city, member, height", code=2),
    rows(95, "column renamed", "ages;city;member;height\n1;x;yes;1\n", "no column 'age'. Did you mean 'ages'?", code=2),
    rows(95, "column more", PEOPLE.replace("\n", ";x\n").replace(";x\n", ";extra\n", 1), "columns not used: extra"),
    rows(95, "column twice", "age;city;member;height;age\n1;Seoul;yes;1;2\n", "column 'age' appears twice", code=2),
    rows(96, "unseen category", PEOPLE.replace("Seoul", "Jeju"), "column 'city': 1 category not seen in training"),
    rows(96, "gap that training had", PEOPLE.replace("31;", ";"), "column 'age': 1 missing value filled in"),
    rows(96, "gap that training had not", PEOPLE.replace(";yes", ";"), "rows.csv:2: column 'member': 1 value is missing", "correct the row or remove it",
         code=2, never=("preprocess",)),
    rows(96, "infinite", PEOPLE.replace("31;", "inf;"), "rows.csv:2: 'inf' in column 'age' is infinite", code=2),
    rows(96, "too large", PEOPLE.replace("31;", "1e300;"), "rows.csv:2: column 'age' has values too large for the network", code=2, never=("preprocess",)),
    rows(96, "decimal comma", PEOPLE.replace("1.70", "1,70"), "rows.csv:2: '1,70' in column 'height' is not a number", "the decimal separator of this table is '.'", code=2),
    rows(97, "header only", PEOPLE.partition("\n")[0] + "\n", "prediction,p_a,p_b\n", "rows.csv has no rows"),
    rows(97, "no records", "\n", "prediction,p_a,p_b\n", "rows.jsonl has no rows", file="rows.jsonl"),
    rows(97, "empty", "", "rows.csv is empty", code=2),
    rows(97, "blank line among single values", "text\ngood day\n\nbad day\n", "blank lines are skipped", model="TEXTS"),
    rows(98, "label column still there", "age;city;member;height;label\n31;Seoul;yes;1.70;?\n", "prediction,p_a,p_b\n", never=("not used",)),
    rows(41, "rows in UTF-16", PEOPLE.encode("utf-16"), "prediction,p_a,p_b\n", "rows.csv is read as utf-16"),
    rows(42, "rows in latin-1", PEOPLE.replace("Seoul", "Forlì").encode("latin-1"), "rows.csv:2: not UTF-8", "save the file as UTF-8", code=2, never=("loader",)),
    rows(43, "long row", PEOPLE + "1;Seoul;yes;1;2\n", "rows.csv:4: 5 fields, but the first row has 4", code=2),
    rows(45, "short row", PEOPLE + "1;Seoul;yes\n", "rows.csv:4: 3 fields, but the first row has 4", code=2),
    rows(51, "unclosed quote", PEOPLE + '1;"Seoul;yes;1\n' + "1;Seoul;yes;1\n" * 5, "rows.csv:4: a quote is opened and never closed", code=2, never=("quoting",)),
    rows(52, "NUL", PEOPLE + "1;\0;yes;1\n", "rows.csv:4: a NUL byte", code=2),
    rows(57, "null and nan in JSON", json.dumps({"age": None, "city": "Seoul", "member": True, "height": 1.7}) + "\n"
         + '{"age": NaN, "city": "Seoul", "member": true, "height": 1.7}\n', "column 'age': 2 missing values filled in", file="rows.jsonl"),
    rows(57, "Infinity in JSON", '{"age": Infinity, "city": "Seoul", "member": true, "height": 1.7}\n', "is infinite", file="rows.jsonl", code=2),
    rows(59, "a list in JSON", '{"age": [31], "city": "Seoul", "member": true, "height": 1.7}\n', "rows.jsonl:1: 'age' is a list, not a number or a text", file="rows.jsonl", code=2),
    rows(46, "a key twice in JSON", '{"age": 1, "age": 2, "city": "Seoul", "member": true, "height": 1.7}\n', "rows.jsonl:1: the key 'age' appears twice", file="rows.jsonl", code=2),
    rows(11, "deep JSON", "[" * 100_000, "rows.jsonl:1: not valid JSON", file="rows.jsonl", code=2),
    rows(42, "JSON that is no UTF-8", b'{"city": "\xe0\xff"}\n', "rows.jsonl:1: not UTF-8", file="rows.jsonl", code=2),
    rows(69, "a folder", "", "is not a regular file", code=2, file="folder/x.csv", options="", model="MODEL folder #"),
    rows(82, "a full device", PEOPLE, "cannot write /dev/full: No space left on device", code=1, options="-o /dev/full"),
    Case(69, "a config whose name is too long", {}, f"check {'x' * 300}", ("File name too long",)),
    Case(69, "rows whose name is too long", {}, f"predict MODEL {'x' * 300}", ("File name too long",)),
    Case(69, "a model whose name is too long", {}, f"predict {'x' * 300} rows.csv", ("File name too long",)),
    Case(69, "a table whose name is too long", {}, f"data show {'x' * 300}", ("File name too long",)),
    rows(83, "output in no folder", PEOPLE, "cannot write", code=2, options="-o nowhere/out.csv"),
    rows(42, "texts in no UTF-8", b"good day\nForl\xec\n", "texts.txt:2: not UTF-8", "save the file as UTF-8", file="texts.txt", model="TEXTS", code=2),
    rows(42, "texts in cp949", "좋은 하루\n나쁜 하루\n".encode("cp949"), "prediction,", file="texts.txt", model="TEXTS"),
    Case(67, "a class that training had not", {"rows.csv": "age;city;member;height;label\n31;Seoul;yes;1.70;d\n"}, "evaluate MODEL rows.csv",
         ("rows.csv:2: label 'd' did not occur in training (a, b)",)),
    Case(54, "a label missing", {"rows.csv": "age;city;member;height;label\n31;Seoul;yes;1.70;\n"}, "evaluate MODEL rows.csv",
         ("rows.csv:2: no 'label'",)),
    Case(97, "nothing to evaluate", {"rows.csv": "age;city;member;height;label\n"}, "evaluate MODEL rows.csv", ("rows.csv has no rows",)),
]  # fmt: skip

CASES = [*CONFIG, *NETWORK, *FILES, *FOLDS, *WORK, *ROWS]
