"""Salt's own loader, in this process, over the checkout: what a minion would load after `saltutil.sync_all`."""

from __future__ import annotations

import copy
from functools import cached_property
from pathlib import Path

import salt.config
import salt.loader

ROOT = Path(__file__).resolve().parents[2]


class Loaders:
    """`modules` and `states` as a minion has them; `dry` is the same under `test=True`.

    The modules run as on a minion without a master (`file_client: local`), so `modules["state.apply"]` renders the
    checkout's own formula.
    """

    def __init__(self, opts: dict):
        self.opts = opts

    @classmethod
    def start(cls, folder: Path) -> Loaders:
        """Make a minion's options under a temporary folder, with the checkout's folders as its extension modules."""
        extmods = folder / "extmods"
        extmods.mkdir(parents=True)
        for source in ROOT.glob("_[a-z]*"):
            if source.is_dir():
                (extmods / source.name.lstrip("_")).symlink_to(source)
        opts = salt.config.minion_config(
            None,
            minion_id="loaders",
        )
        opts.update(
            root_dir=str(folder),
            cachedir=str(folder / "cache"),
            pki_dir=str(folder / "pki"),
            sock_dir=str(folder / "sock"),
            conf_file=str(folder / "minion"),
            log_file=str(folder / "minion.log"),
            extension_modules=str(extmods),
            file_client="local",
            file_roots={"base": [str(ROOT), str(ROOT / "salt")]},
            pillar_roots={"base": [str(ROOT / "pillar.example")]},
            pillar={},
            test=False,
            enable_fqdns_grains=False,
        )
        opts["grains"] = salt.loader.grains(opts)
        return cls(opts)

    def but(self, **changes) -> Loaders:
        """Return loaders of a minion that differs in these options (`pillar={...}`, `test=True`, ...).

        `grains` given are put over the minion's own.
        """
        opts = copy.deepcopy(self.opts)
        opts["grains"].update(changes.pop("grains", {}))
        opts.update(changes)
        return Loaders(opts)

    @cached_property
    def dry(self) -> Loaders:
        """The same minion under `test=True`."""
        return self.but(test=True)

    @cached_property
    def modules(self):
        # Under a name of the minion's own: two minions in one process would else share their modules, and `__opts__`.
        base = f"salt.loaded.{self.opts['id']}"
        return salt.loader.minion_mods(self.opts, context={}, utils=self.utils, proxy=None, loaded_base_name=base)

    @cached_property
    def beacons(self):
        return salt.loader.beacons(self.opts, self.modules)

    @cached_property
    def utils(self):
        return salt.loader.utils(self.opts)

    @cached_property
    def states(self):
        return salt.loader.states(self.opts, self.modules, self.utils, salt.loader.serializers(self.opts), context={})
