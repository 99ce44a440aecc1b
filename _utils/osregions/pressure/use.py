"""What keystone keeps in a memcached: tokens themselves, or only what it can compute anew; and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from osregions.catalog import cache
from osregions.conf.options import Options
from osregions.releases import Release
from osregions.tokens import wanted

_TOKEN_LIFE, _CACHE_LIFE = 3600.0, 600.0  # keystone's defaults: [token] expiration, [cache] expiration_time


@dataclass(frozen=True)
class Use:
    """What an item's loss means."""

    tokens: bool  # tokens live here: who loses one is signed out
    live: float  # seconds for which an item is of use
    known: bool = True  # whether a keystone could be asked

    @property
    def restart_empties(self) -> str:
        """What a restart costs, in an operator's words."""
        if not self.known:
            return "what it holds; no keystone here could be asked what that is"
        if self.tokens:
            return "every token: keystone keeps them there and nowhere else, and everybody is signed out"
        return "what keystone cached: it computes that anew, and nobody is signed out"


def of(options: Options, release: Callable[[], Release]) -> Use:
    """What this keystone keeps in memcached. `release` is asked only where the options leave it open."""
    driver = wanted.driver_name(options.get("token", "driver") or "")
    tokens = driver.startswith("memcache") and wanted.current(release(), options).driver == driver
    if tokens:
        return Use(True, _seconds(options, "token", "expiration", _TOKEN_LIFE))
    lives = [_seconds(options, "cache", "expiration_time", _CACHE_LIFE)]
    if cache.cache_from(options).shared and options.get("token", "cache_time"):
        lives.append(_seconds(options, "token", "cache_time", _CACHE_LIFE))
    return Use(False, max(lives))


def unknown() -> Use:
    """What is taken to be where no keystone can be asked."""
    return Use(False, _CACHE_LIFE, known=False)


def _seconds(options: Options, section: str, option: str, default: float) -> float:
    text = (options.get(section, option) or "").strip()
    return float(text) if text.isdigit() else default
