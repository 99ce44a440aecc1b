"""The services that follow identity: which run here, which must be restarted (P9), and the proof that they follow."""
