"""The protocols of a server: how requests are read, and how answers are written."""
