"""Pictures, recordings, texts and arrays."""
