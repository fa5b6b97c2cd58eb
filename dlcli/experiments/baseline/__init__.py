"""Compare the network with scikit-learn models on the same rows."""
