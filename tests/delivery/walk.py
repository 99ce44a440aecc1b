"""Walk Salt's loader as a minion or master has it, and print what it holds of ours as JSON.

A program of its own: it runs with the environment and the configuration of the daemon whose loader it walks, never in
the process of the tests, which could have our package from elsewhere.

    python walk.py FOLDER MINION_CONFIG MASTER_CONFIG

FOLDER is the source that was delivered: its `_kind/*.py` say what must be there.
"""

import inspect
import json
import sys
from pathlib import Path

import salt.config
import salt.loader


def loaders(minion_config, master_config):
    """Return {folder: function that makes the loader of that kind}."""
    minion = salt.config.minion_config(minion_config)
    minion["grains"] = salt.loader.grains(minion)
    master = salt.config.master_config(master_config)
    utils = salt.loader.utils(minion)
    modules = salt.loader.minion_mods(minion, utils=utils)
    serializers = salt.loader.serializers(minion)
    return {
        "_modules": lambda: modules,
        "_states": lambda: salt.loader.states(minion, modules, utils, serializers),
        "_runners": lambda: salt.loader.runner(master, utils=salt.loader.utils(master)),
        "_beacons": lambda: salt.loader.beacons(minion, modules),
        "_engines": lambda: salt.loader.engines(minion, modules, {}, utils),
        # What that returns hides the loader behind names without their module.
        "_output": lambda: salt.loader.outputters(master)._dict,
        "_returners": lambda: salt.loader.returners(minion, modules),
    }


def describe(loader, stem):
    """Return what the loader holds of the file of that name: its functions and their docstrings, or why not."""
    loader._load_module(stem)  # by file, not by function: what a file should hold is not known beforehand
    functions = {}
    source = None
    for key, function in loader._dict.items():
        file = inspect.getsourcefile(inspect.unwrap(function))
        if Path(file).stem == stem and file == loader.file_mapping[stem][0]:
            functions[key] = inspect.getdoc(function) or ""
            source = file
    return {"functions": functions, "file": source, "missing": str(loader.missing_modules.get(stem))}


def main(folder, minion_config, master_config):
    made = loaders(minion_config, master_config)
    found = {}
    for kind in sorted(Path(folder).glob("_[a-z]*")):
        if kind.name == "_utils" or not kind.is_dir():
            continue
        stems = sorted(file.stem for file in kind.glob("*.py") if not file.stem.startswith("_"))
        loader = made[kind.name]()
        found[kind.name] = {stem: describe(loader, stem) for stem in stems}
    helper = sys.modules.get("osregions")
    print(json.dumps({"found": found, "helper": str(getattr(helper, "__file__", None))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
