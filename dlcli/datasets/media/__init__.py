"""Images, audio and texts in files, folders and archives, and arrays of images."""

import lazy_loader

# The names are in __init__.pyi; each module is imported when one of its names is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
