"""Alarms: what beacons watch on one node beside keystones and memcached, and what they say of it."""
