"""Keystone's catalog in its own tables: looked at, planned for, changed, backed up, and its caches told (P3 to P6)."""
