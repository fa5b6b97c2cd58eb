"""Texts, written and spoken."""

from __future__ import annotations

from dlcli.config.known.facts import (
    DIGITS,
    KERAS,
    Archive,
    Facts,
    Known,
    RemoteFile,
    classes,
    local,
)

TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply",
    "coffee", "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas",
    "cpi", "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin",
    "strategic-metal", "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs",
    "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip
MAAS = "Maas, Daly, Pham, Huang, Ng and Potts (2011), ACL, P11-1015"


WORDS: dict[str, Known] = {
    "reuters": Known(
        "Newswires of 46 topics, as the indexed archive that Keras downloads",
        "indexed_text",
        {"class_names": TOPICS},
        classes(*TOPICS, columns=("text",), rows=11_228),
        (
            RemoteFile(
                "reuters.npz",
                f"{KERAS}/reuters.npz",
                "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
                2_110_848,
            ),
            RemoteFile(
                "reuters_word_index.json",
                f"{KERAS}/reuters_word_index.json",
                "9b56000edc4b34a32e89fd5a23b2605594682c74efcf7d8f4e2a5514b771e633",
                550_378,
            ),
        ),
        licence="free distribution for research only",
        source="Lewis, Reuters-21578 (1997); topics of Keras",
    ),
    "imdb": Known(
        "Film reviews, negative or positive, as the indexed archive that Keras downloads",
        "indexed_text",
        {"class_names": ("negative", "positive")},
        classes("negative", "positive", columns=("text",), rows=50_000, official_test=True),
        (
            RemoteFile(
                "imdb.npz",
                f"{KERAS}/imdb.npz",
                "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
                17_464_789,
            ),
            RemoteFile(
                "imdb_word_index.json",
                f"{KERAS}/imdb_word_index.json",
                "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
                1_641_221,
            ),
        ),
        source=MAAS,
    ),
    "imdb_text": Known(
        "The same film reviews as raw text",
        "text",
        {
            "text": "review", "target": "sentiment", "classes": ("neg", "pos"),
            "class_names": ("negative", "positive"),
        },
        classes("negative", "positive", columns=("review",), rows=50_000, official_test=True),
        (
            RemoteFile(
                "aclImdb_v1.tar.gz",
                "http://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
                "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
                84_125_825,
            ),
        ),
        (
            (
                local(
                    "imdb_train.csv.gz",
                    "4982ba5584dbef88d6ac1fade38863100165e337187a4e645a195df23a6a9145",
                    12_884_408,
                ),
                local(
                    "imdb_test.csv.gz",
                    "6e2cf281a683b622a84e19cc45bf0769303d8a4afa5382adad55655a89fc2280",
                    12_581_022,
                ),
            ),
        ),
        source=MAAS,
    ),
    "sms_spam": Known(
        "Text messages, wanted (ham) or not (spam)",
        "text",
        {
            "text": "message", "target": "kind", "names": ("kind", "message"), "header": False,
            "delimiter": "\t", "encoding": "utf-8", "quoting": False,
        },
        classes("ham", "spam", columns=("message",), rows=5574),
        (
            RemoteFile(
                "SMSSpamCollection",
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                477_907,
                archive=Archive(
                    "SMSSpamCollection",
                    "1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
                ),
            ),
        ),
        licence="CC BY 4.0",
        source="Almeida, Gómez Hidalgo and Yamakami (2011), doi:10.1145/2034691.2034742; UCI",
    ),
    "spoken_digits": Known(
        "Spoken English digits, recordings of up to 2.3 seconds at 8 kHz",
        "audio",
        {
            "pattern": "{class}_{speaker}_{take}",
            "sampling_rate": 8000,
            "test": {"take": ("0", "1", "2", "3", "4")},
        },
        Facts(
            "classification", 10, (), DIGITS, ("recording",), -1.0, 1.0, 3000,
            official_test=True, sampling_rate=8000,
        ),
        (
            RemoteFile(
                "v1.0.9.tar.gz",
                "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
                "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
                11_975_353,
                aliases=("free-spoken-digit-dataset-1.0.9.tar.gz",),
            ),
        ),
        (
            (
                local(
                    "free-spoken-digit-recordings.tar.gz",
                    "f36333dc1d8b5eb2ebfcefa00238739062bfbf31d4bd537b7410f35217223b8e",
                    15_557_727,
                ),
            ),
        ),
        licence="CC BY-SA 4.0",
        source="Jackson, Souza, Flaks, Pan, Nicolas and Thite, Free Spoken Digit Dataset (2018)",
        notes="Takes 0 to 4 of each speaker and digit are the official test. The release has "
        "five speakers, the repository's later recordings six.",
    ),
}  # fmt: skip
