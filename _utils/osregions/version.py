"""The one place that holds the version: setup.py reads it, and the two deliveries are compared by it."""

__version__ = "0.1.0"
