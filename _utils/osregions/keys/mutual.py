"""The proof that two keystones are one to people: each takes the tokens that the other has issued."""

from __future__ import annotations

from osregions.identity import Identity


def prove(here: Identity, there: Identity) -> str:
    """Issue a token at either keystone and have the other validate it; returns a sentence. Raises IdentityError."""
    for issuing, asked in ((here, there), (there, here)):
        asked.validate(issuing.issue())
    return f"tokens issued at {here.url} and at {there.url} are valid at both"
