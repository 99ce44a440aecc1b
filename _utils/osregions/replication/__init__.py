"""Home's identity in every region: the keystone database, and it alone, replicated from home (K1, P10)."""
