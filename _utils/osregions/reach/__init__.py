"""Reaching home's identity or not: seeing it, deciding, and the switch between home's keystone and the region's own."""
