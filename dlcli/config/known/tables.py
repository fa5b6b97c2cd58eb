"""Tables that are downloaded from where they were published, or from the course that uses them."""

from __future__ import annotations

from dlcli.config.known.facts import UCI, Facts, Known, RemoteFile, classes, local

BOOK = "https://raw.githubusercontent.com/gilbutITbook/006958/master/deeplearning/dataset"
LECTURES = "https://raw.githubusercontent.com/hunkim/DeepLearningZeroToAll/master"
SONAR = tuple(f"band_{number}" for number in range(1, 61))
PIMA = (
    "pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age",
)  # fmt: skip
SURGERY = (
    "diagnosis", "fvc", "fev1", "performance", "pain", "haemoptysis", "dyspnoea", "cough",
    "weakness", "tumour_size", "diabetes", "infarction", "arterial_disease", "smoking",
    "asthma", "age",
)  # fmt: skip
ZOO = (
    "hair", "feathers", "eggs", "milk", "airborne", "aquatic", "predator", "toothed",
    "backbone", "breathes", "venomous", "fins", "legs", "tail", "domestic", "catsize",
)  # fmt: skip
ANIMALS = ("mammal", "bird", "reptile", "fish", "amphibian", "insect", "invertebrate")
WINE = (
    "fixed acidity", "volatile acidity", "citric acid", "residual sugar", "chlorides",
    "free sulfur dioxide", "total sulfur dioxide", "density", "pH", "sulphates", "alcohol",
)  # fmt: skip
BOSTON = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B",
    "LSTAT",
)  # fmt: skip
WINE_FILE = RemoteFile(
    "wine.csv",
    f"{BOOK}/wine.csv",
    "b257c1e0b5d2cfc892e26ae5dea1e624b618dddde82ab426da69aa02b951ea86",
    361_279,
)
WINE_SOURCE = "Cortez, Cerdeira, Almeida, Matos and Reis (2009), doi:10.1016/j.dss.2009.05.016; UCI"


TABLES: dict[str, Known] = {
    "sonar": Known(
        "Metal cylinder (M) or rock (R) from sonar energy in 60 frequency bands",
        "csv",
        {"target": "object", "header": False, "names": (*SONAR, "object"), "delimiter": ","},
        classes("M", "R", columns=SONAR, rows=208),
        (
            RemoteFile(
                "sonar.all-data",
                f"{UCI}/undocumented/connectionist-bench/sonar/sonar.all-data",
                "e90434cdbf00fcf93ffa911fe447ae25606979658e60f1d32e155c3b5240234d",
                87_776,
                aliases=("sonar.csv",),
            ),
        ),
        licence="UCI: CC BY 4.0",
        source="Gorman and Sejnowski (1988), doi:10.1016/0893-6080(88)90023-8; UCI",
        notes="The file is sorted by class.",
    ),
    "pima": Known(
        "Diabetes within five years, of Pima women, from eight measurements",
        "csv",
        {
            "target": "diabetes", "header": False, "names": (*PIMA, "diabetes"), "delimiter": ",",
            "class_names": ("no", "yes"),
        },
        classes("no", "yes", columns=PIMA, high=200.0, rows=768),
        (
            RemoteFile(
                "pima-indians-diabetes.data.csv",
                "https://raw.githubusercontent.com/jbrownlee/Datasets/master/"
                "pima-indians-diabetes.data.csv",
                "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
                23_278,
            ),
        ),
        (
            (
                local(
                    "pima-indians-diabetes.csv",
                    "06f5b7c2cd7bca686fda4f92eab5f61e7ff6426a9acefa2e3dda04fc54293cf5",
                    23_279,
                ),
            ),
        ),
        source="Smith, Everhart, Dickson, Knowler and Johannes (1988); withdrawn by UCI",
        notes="A zero in glucose, pressure, skin, insulin or bmi is a missing value.",
    ),
    "diabetes_normalised": Known(
        "The Pima diabetes data scaled to -1 to 1, as a lecture series has them",
        "csv",
        {
            "target": "diabetes", "header": False, "names": (*PIMA, "diabetes"), "delimiter": ",",
            "class_names": ("yes", "no"),
        },
        classes("yes", "no", columns=PIMA, low=-1.0, rows=759),
        (
            RemoteFile(
                "data-03-diabetes.csv",
                f"{LECTURES}/data-03-diabetes.csv",
                "89e33de71cd5afdcd4fe8a722b60c4d69eb8f9b96446cea9347d735ff2df395e",
                53_438,
            ),
        ),
        source="the data of pima, 759 of 768 rows, scaled; its 0 is the 1 of pima",
    ),
    "thoracic_surgery": Known(
        "Death within a year of lung surgery, from 16 facts about the patient",
        "csv",
        {
            "target": "died", "header": False, "names": ("record", *SURGERY, "died"),
            "drop": ("record",), "delimiter": ",", "class_names": ("no", "yes"),
        },
        classes("no", "yes", columns=SURGERY, high=20.0, rows=470),
        (
            RemoteFile(
                "ThoraricSurgery.csv",
                f"{BOOK}/ThoraricSurgery.csv",
                "b51f69e60765c0b724c356fc3b9c5777b213c920b75ebb75b37b1f4b3702c379",
                21_257,
            ),
        ),
        licence="UCI: CC BY 4.0",
        source="Zieba, Tomczak, Lubicz and Swiatek (2014), doi:10.1016/j.asoc.2013.07.016; UCI",
        notes="The record number in the first column is left out; 85 % survive the year.",
    ),
    "zoo": Known(
        "Seven kinds of animals from 16 traits",
        "csv",
        {
            "target": "kind", "header": False, "names": (*ZOO, "kind"), "delimiter": ",",
            "comment": "#", "class_names": ANIMALS,
        },
        classes(*ANIMALS, columns=ZOO, rows=101),
        (
            RemoteFile(
                "data-04-zoo.csv",
                f"{LECTURES}/data-04-zoo.csv",
                "cbf109a391118676bb76a5b0174573c295aed8561cc223abb4c3463990f2c476",
                4_485,
            ),
        ),
        licence="UCI: CC BY 4.0",
        source="Forsyth (1990); UCI",
        notes="The smallest class has four animals.",
    ),
    "wine_colour": Known(
        "Red or white wine from eleven measurements and its quality",
        "csv",
        {
            "target": "colour", "header": False, "names": (*WINE, "quality", "colour"),
            "delimiter": ",", "class_names": ("white", "red"),
        },
        classes("white", "red", columns=(*WINE, "quality"), high=100.0, rows=6497),
        (WINE_FILE,),
        licence="UCI: CC BY 4.0",
        source=WINE_SOURCE,
        notes="The file is sorted by class.",
    ),
    "wine_quality": Known(
        "Quality of a wine, 3 to 9, from eleven measurements and its colour",
        "csv",
        {
            "target": "quality", "header": False, "names": (*WINE, "quality", "red"),
            "delimiter": ",", "task": "regression", "unit": "points",
        },
        Facts("regression", columns=(*WINE, "red"), high=100.0, rows=6497),
        (WINE_FILE,),
        licence="UCI: CC BY 4.0",
        source=WINE_SOURCE,
        notes="The file is sorted by colour.",
    ),
    "boston_housing": Known(
        "Median house price in 506 parts of Boston, in 1000 dollars of 1970",
        "csv",
        {
            "target": "MEDV", "header": False, "names": (*BOSTON, "MEDV"),
            "delimiter": "whitespace", "task": "regression", "unit": "k$",
        },
        Facts("regression", columns=BOSTON, high=50.0, rows=506),
        (
            RemoteFile(
                "housing.data",
                f"{UCI}/housing/housing.data",
                "baadf72995725d76efe787b664e1f083388c79ba21ef9a7990d87f774184735a",
                49_082,
                aliases=("housing.csv",),
            ),
        ),
        source="Harrison and Rubinfeld (1978), doi:10.1016/0095-0696(78)90006-2; UCI",
        notes="Column B rests on a racist assumption; for teaching only.",
    ),
}  # fmt: skip
