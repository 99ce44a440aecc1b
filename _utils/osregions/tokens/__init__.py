"""Where keystone keeps its tokens: what is set, what this release wants, and the proofs that it works."""
