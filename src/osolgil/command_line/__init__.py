"""What the commands of `osolgil` share: values as typed, choice of the folder, every ending told."""
