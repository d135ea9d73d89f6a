"""What the benchmark programs beside this folder share."""
