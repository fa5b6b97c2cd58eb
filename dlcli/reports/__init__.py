"""Documents about a run for people: a model card, and a report as one HTML file.

Other packages use the modules `card` and `report`.
"""
