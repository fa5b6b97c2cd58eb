"""Split data sets, and fit preprocessors to their training rows.

Other packages use these names and the modules `calibration`, `folds`, `labels`, `prepare`,
`report`, `rows`, `split`, `steps`, `subsets`, `target_preprocessing`, `targets` and `variation`.
"""

from dlcli.preparation.fitting import fit_preprocessor, resolve
from dlcli.preparation.preprocessor import Group, Preprocessor

__all__ = ["Group", "Preprocessor", "fit_preprocessor", "resolve"]
