"""The sections of a report, each from the material of a run; None if it has nothing to say."""
