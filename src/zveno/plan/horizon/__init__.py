"""The plan of a chain over its periods."""
