"""What the layers of a stranger's model may cost."""
