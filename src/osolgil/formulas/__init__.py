"""Every formula, written once in plain Python over a small vocabulary; every engine runs these sources."""
