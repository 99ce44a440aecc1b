"""Whether home's keystone can be reached, and what a region does when it can't (P11)."""
