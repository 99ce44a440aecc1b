"""Which units run what, and which of them have not read what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.conf.known import Known
from osregions.services import plan, view

KNOWN = Known()
# As systemd 252 of Debian 12 and 219 of CentOS 7 print it.
LISTED = """\
apache2.service                 loaded    active   running The Apache HTTP Server
cron.service                    loaded    active   running Regular background program processing daemon
glance-api.service              loaded    active   running OpenStack Image Service API
openstack-nova-compute.service  loaded    active   running OpenStack Nova Compute Server
openstack-nova-scheduler.service loaded   failed   failed  OpenStack Nova Scheduler Server
neutron-dhcp-agent.service      loaded    inactive dead    OpenStack Neutron DHCP Agent
neutron-metadata-agent.service  loaded    active   running OpenStack Neutron Metadata Agent
neutron-server.service          loaded    active   running OpenStack Neutron Server
"""
STATES = {
    "neutron-dhcp-agent": ("inactive", "dead", "enabled"),
    "openstack-nova-scheduler": ("failed", "failed", "enabled"),
}


def ask(words):
    if words[0] == "list-units":
        return LISTED
    assert words[0] == "show"
    blocks = []
    for number, name in enumerate(words[3:]):
        active, sub, enabled = STATES.get(name.removesuffix(".service"), ("active", "running", "enabled"))
        pid = 0 if active != "active" else 1_000_000_000 + number
        blocks.append(
            f"MainPID={pid}\nNRestarts=0\nId={name}\nLoadState=loaded\nActiveState={active}\nSubState={sub}\n"
            f"UnitFileState={enabled}\n"
        )
    return "\n".join(blocks)


@pytest.fixture
def root(tmp_path):
    site = tmp_path / "etc/apache2/sites-enabled/placement-api.conf"
    site.parent.mkdir(parents=True)
    site.write_text("Listen 8778\n<VirtualHost *:8778>\n    WSGIScriptAlias / /usr/bin/placement-api\n</VirtualHost>\n")
    return tmp_path


def units(root, started=100.0):
    """The units of a machine, all started at one moment."""
    found = view.view(KNOWN.projects, ask, root)
    return [view.Unit(one.name, one.programs, one.state, started if one.state.pid else None) for one in found]


def test_units_are_known_by_name_and_web_servers_by_their_sites(root):
    found = {unit.name: sorted({program.service.name for program in unit.programs}) for unit in units(root)}
    assert found == {
        "apache2": ["placement-api"],
        "glance-api": ["glance-api"],
        "openstack-nova-compute": ["nova-compute"],
        "openstack-nova-scheduler": ["nova-scheduler"],
        "neutron-dhcp-agent": ["neutron-agents"],
        "neutron-metadata-agent": ["neutron-metadata-agent"],
        "neutron-server": ["neutron-server"],
    }


def test_a_web_server_without_such_a_site_runs_none(tmp_path):
    assert "apache2" not in {unit.name for unit in units(tmp_path)}


def due(root, written, now=1000.0, started=100.0):
    return [(one.unit.name, one.verb) for one in plan.restarts(units(root, started), written, KNOWN, now)]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ({}, []),
        ({"/etc/glance/glance-api.conf": 200.0}, [("glance-api", "restarted")]),
        ({"/etc/glance/glance-api.conf": 50.0}, []),  # it has read that
        ({"/etc/glance/glance-api.conf": 5000.0}, []),  # a moment to come tells nothing
        ({"/etc/neutron/metadata_agent.ini": 200.0}, [("neutron-metadata-agent", "restarted")]),
        (
            {"/etc/neutron/neutron.conf": 200.0},
            [("neutron-server", "restarted"), ("neutron-metadata-agent", "restarted")],
        ),
        ({"/etc/placement/placement.conf": 200.0}, [("apache2", "restarted")]),
        (
            {"/etc/nova/nova.conf.d/x.conf": 200.0},
            [("openstack-nova-scheduler", "started"), ("openstack-nova-compute", "restarted")],
        ),
        ({"/etc/kolla/glance-api/glance-api.conf": 200.0}, [("glance-api", "restarted")]),
        ({"/etc/cinder/cinder.conf": 200.0, "/etc/nova/release": 200.0}, []),
        (
            {
                "/etc/nova/nova.conf": 200.0,
                "/etc/glance/glance-api.conf": 201.0,
                "/etc/placement/placement.conf": 202.0,
            },
            [
                ("apache2", "restarted"),
                ("glance-api", "restarted"),
                ("openstack-nova-scheduler", "started"),
                ("openstack-nova-compute", "restarted"),
            ],
        ),
    ],
)
def test_those_that_have_not_read_what_was_written(root, written, wanted):
    assert due(root, written) == wanted


PATHS = (
    "/etc/nova/nova.conf",
    "/etc/neutron/neutron.conf",
    "/etc/neutron/metadata_agent.ini",
    "/etc/glance/glance-api.conf",
    "/etc/placement/placement.conf",
    "/etc/x/y.conf",
)


@given(st.dictionaries(st.sampled_from(PATHS), st.floats(0, 2000)), st.floats(0, 2000), st.floats(0, 2000))
def test_each_once_in_order_and_never_again(tmp_path_factory, written, started, now):
    root = tmp_path_factory.getbasetemp()
    found = plan.restarts(units(root, started), written, KNOWN, now)
    names = [one.unit.name for one in found]
    assert len(names) == len(set(names))
    assert [one.unit.rank for one in found] == sorted(one.unit.rank for one in found)
    assert all(written[one.because] <= now for one in found)
    again = [
        view.Unit(one.name, one.programs, view.State("active", "running", True, 1, 0), now)
        for one in units(root, started)
        if one.name in names
    ]
    assert plan.restarts(again, written, KNOWN, now) == ()
