"""Keystone's fernet keys: looked at, carried to every node of every region, and rotated with none left behind."""
