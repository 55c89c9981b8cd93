"""Tables for the benchmarks of accuracy, and every method that is compared on them."""
