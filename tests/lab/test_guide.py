"""Every command of Salt's that the guide and the README have is run in the lab: nobody finds one that isn't obeyed.

What would change something is run with `test=True`; the other tests of the lab do it in earnest.
"""

from __future__ import annotations

import re
import shlex

import pytest

from docs import folders
from tests.lab.failing import HOME, MEMBER
from tests.support import commands

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
PAGES = [commands.ROOT / "README.md", *sorted((commands.ROOT / "docs").rglob("*.md"))]
# What the guide has and this cloud has not.
HERE = {
    "/etc/nova/nova.conf": "/etc/glance/glance-api.conf",
    "RegionThree": "RegionTwo",
    "interval=60": "interval=1",
    "/var/www/html/cloud.html": "/root/cloud.html",
    "/var/lib/prometheus/node-exporter/openstack_regions.prom": "/root/openstack_regions.prom",
}
# They take no test=True, and change something: where they are run in earnest.
IN_EARNEST = {
    "mysql_replication.restore": "tests/lab/cloud.py",
    "keystone_catalog.know_the_database": "tests/lab/cloud.py",
    "keystone_catalog.backup": "tests/lab/conftest.py",
    "keystone_keys.restore": "tests/functional/test_keystone_keys.py",
    "oslo_conf.restore": "tests/functional/test_oslo_conf.py",
    "regions.restore_file": "tests/lab/cloud.py",
    "saltutil.sync_all": "tests/lab/cloud.py",
}
# What is refused in this cloud, and by which words: it has joined, has no dashboard, and nothing watches its replica.
REFUSED = {
    "keystone_catalog.rename_region": "",
    "G@region:RegionTwo and G@roles:keystone state.apply regions.clean": "both RegionTwo and RegionOne are there",
    "regions_alarms.tell": "nothing is held there by replication_health",
    "regions_alarms.mend": "nothing is held there by replication_health",
    "state.apply regions.dashboard test=True": "horizon reads snippets",
}
SLS = ("state.apply", "state.orchestrate")
NOT_OBEYED = re.compile(
    r"is not available|[Pp]assed invalid arguments|Traceback|No matching sls|Rendering SLS|TypeError"
)


def _words():
    """The commands as they are typed here, without those that stand there twice."""
    found = {}
    for path in PAGES:
        for command in commands.in_markdown(path):
            words = command.words
            if words[0] not in ("salt", "salt-call", "salt-run"):
                continue
            for theirs, ours in HERE.items():
                words = [word.replace(theirs, ours) for word in words]
            (function, *arguments) = [word for word in words[1:] if not word.startswith("-")][words[0] == "salt" :]
            name = arguments[0] if function in SLS else function
            if function in IN_EARNEST:
                continue
            if "test=True" not in words and (function in SLS or _takes_test(words[0], function)):
                words.append("test=True")
            found[shlex.join(words)] = pytest.param(words, id=f"{words[0]} {name} {len(found)}")
    return list(found.values())


def _takes_test(program, function):
    known = folders.functions("_runners" if program == "salt-run" else "_modules").get(function)
    if known is None:
        return False
    return "test" in [one.arg for one in (*known.args.args, *known.args.kwonlyargs)]


@pytest.mark.parametrize("words", _words())
def test_it_is_obeyed(whole, words):
    host = MEMBER if "regions.fail" in " ".join(words) and words[0] == "salt-call" else HOME
    done = whole.exec(host, *words, check=False, timeout=300)
    said = f"{done.stdout}\n{done.stderr}"
    assert said.strip() and not NOT_OBEYED.search(said), said[-3000:]
    reason = next((why for part, why in REFUSED.items() if part in " ".join(words)), None)
    assert (done.returncode == 0) == (reason is None) and (reason or "") in said, said[-3000:]


def test_what_changes_something_without_a_test_run_is_run_elsewhere():
    for function, path in IN_EARNEST.items():
        module, name = function.split(".")
        text = (commands.ROOT / path).read_text()
        assert function in text or (module in text and name in text), function
