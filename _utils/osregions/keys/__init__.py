"""Keystone's fernet keys: looked at, carried to every node of every region, and rotated so that no node is left behind."""
