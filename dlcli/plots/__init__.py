"""Pictures of data, networks, trainings and results."""
