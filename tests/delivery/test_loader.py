"""Whichever way it comes: every module of every kind loads, documents itself, and works on a running minion."""

import re

import pytest

KINDS_BY_COMMAND = {"_modules": "salt", "_runners": "salt-run"}


@pytest.fixture
def walked(cloud, request):
    """The walk of this delivery's loaders, made once."""
    kept = request.session.__dict__.setdefault("_walks", {})
    if cloud.delivery not in kept:
        kept[cloud.delivery] = cloud.walk()
    return kept[cloud.delivery]


def entries(walked):
    return [(kind, name, entry) for kind, names in walked["found"].items() for name, entry in names.items()]


def test_every_module_loads(cloud, walked):
    found = entries(walked)
    assert {kind for kind, _, _ in found} >= {"_modules", "_states"}
    missing = {f"{kind}/{name}.py": entry["missing"] for kind, name, entry in found if not entry["functions"]}
    assert missing == {}


def test_modules_come_from_this_delivery(cloud, walked):
    """Nothing is borrowed from the checkout, or from another delivery."""
    place = cloud.environment["PYTHONPATH"] if cloud.delivery == "pip" else cloud.minion.config["root_dir"]
    master = cloud.master.config["root_dir"]
    for kind, name, entry in entries(walked):
        assert entry["file"].startswith((str(place), str(master))), f"{kind}/{name}: {entry['file']}"
    assert walked["helper"].startswith(str(place)), walked["helper"]


def test_every_function_documents_itself(walked):
    faults = []
    for kind, name, entry in entries(walked):
        for function, text in entry["functions"].items():
            first = text.split("\n\n")[0].strip()
            if not re.search(r"\.$", first) or "\n\n" in first:
                faults.append(f"{kind}/{name}.py {function}: begins with no sentence: {first[:60]!r}")
            if kind in KINDS_BY_COMMAND and "CLI Example:" not in text:
                faults.append(f"{kind}/{name}.py {function}: no `CLI Example:`")
            if kind in KINDS_BY_COMMAND and function not in text:
                faults.append(f"{kind}/{name}.py {function}: the example does not call it")
    assert faults == []


def test_running_minion_offers_every_function(cloud, walked):
    offered = set(cloud.call("sys.list_functions")) | set(cloud.call("sys.list_state_functions"))
    wanted = {
        function
        for kind in ("_modules", "_states")
        for entry in walked["found"][kind].values()
        for function in entry["functions"]
    }
    assert wanted - offered == set()


def test_running_master_offers_every_runner(cloud, walked):
    offered = set(cloud.run("doc.runner"))
    wanted = {function for entry in walked["found"].get("_runners", {}).values() for function in entry["functions"]}
    assert wanted - offered == set()


def test_formula_arrives(cloud):
    """The SLS files are at the root of the file server, beside nothing of the project's own housekeeping."""
    listed = cloud.call("cp.list_master")
    wanted = {str(file.relative_to(cloud.source / "salt")) for file in (cloud.source / "salt").rglob("*.sls")}
    assert wanted
    assert wanted - set(listed) == set()


def test_formula_renders(cloud):
    """Every SLS of the formula becomes states on a minion that has pillar.example."""
    top = cloud.source / "salt"
    names = []
    for file in sorted((top / "regions").rglob("*.sls")):
        name = ".".join(file.relative_to(top).with_suffix("").parts)
        names.append(name.removesuffix(".init"))
    shown = cloud.call("state.show_sls", ",".join(names))
    assert isinstance(shown, dict), shown
    shown.pop("__extend__", None)  # what one SLS adds to another's states is no state
    assert {state["__sls__"] for state in shown.values()} <= set(names)
    assert len(shown) >= len(names) - 1
