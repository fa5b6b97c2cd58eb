"""Raw rows in, named answers out."""
