"""Keras and TensorFlow: build, compile, place and measure a network."""
