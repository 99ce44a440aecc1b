"""The units and sites of Debian and RDO, by name: each is known as one program of one project."""

from __future__ import annotations

import re

import pytest

from osregions.conf.projects import PROJECTS

UNITS = {
    "nova-api": "nova-api openstack-nova-api openstack-nova-os-compute-api",
    "nova-metadata": "nova-api-metadata openstack-nova-metadata-api",
    "nova-placement-api": "nova-placement-api openstack-nova-placement-api",
    "nova-compute": "nova-compute openstack-nova-compute",
    "nova-consoleauth": "openstack-nova-consoleauth openstack-nova-cert openstack-nova-console openstack-nova-cells",
    "nova-novncproxy": "nova-novncproxy nova-serialproxy nova-spicehtml5proxy openstack-nova-xvpvncproxy",
    "neutron-server": "neutron-server neutron-api",
    "neutron-rpc-server": "neutron-rpc-server neutron-periodic-workers",
    "neutron-metadata-agent": "neutron-metadata-agent neutron-ovn-metadata-agent networking-ovn-metadata-agent",
    "neutron-agents": "neutron-openvswitch-agent neutron-sriov-agent neutron-sriov-nic-agent neutron-dhcp-agent"
    " neutron-l3-agent neutron-bgp-dragent neutron-l2gateway-agent neutron-lbaasv2-agent neutron-ovn-agent"
    " neutron-mlnx-agent ironic-neutron-agent",
    "cinder-api": "cinder-api openstack-cinder-api",
    "cinder-volume": "cinder-volume cinder-backup openstack-cinder-volume openstack-cinder-backup",
    "glance-api": "glance-api openstack-glance-api",
    "glance-registry": "glance-registry openstack-glance-registry",
    "heat-api": "heat-api openstack-heat-api",
    "heat-api-cfn": "heat-api-cfn openstack-heat-api-cfn openstack-heat-api-cloudwatch",
    "octavia-api": "octavia-api",
    "octavia-worker": "octavia-worker octavia-driver-agent",
    "octavia-managers": "octavia-health-manager octavia-housekeeping",
    "designate-central": "designate-central designate-mdns designate-sink designate-agent designate-producer",
    "ironic-api": "ironic-api openstack-ironic-api",
    "ironic-inspector": "ironic-inspector openstack-ironic-inspector openstack-ironic-inspector-conductor",
    "swift-proxy": "swift-proxy openstack-swift-proxy",
    "swift-internal": "swift-object-expirer swift-container-sync swift-container-sharder@2"
    " openstack-swift-container-reconciler",
    "ceilometer-agents": "ceilometer-agent-central ceilometer-polling openstack-ceilometer-notification"
    " openstack-ceilometer-compute ceilometer-alarm-evaluator",
    "mistral-workers": "mistral-engine mistral-notifier openstack-mistral-executor",
    "masakari-monitors": "masakari-host-monitor masakari-introspective-instance-monitor masakari-process-monitor",
    "vitrage-workers": "vitrage-graph openstack-vitrage-snmp-parsing",
}
# Units of the same projects that read nothing of what is changed here.
OTHERS = "neutron-netns-cleanup swift-object-replicator octavia-agent-netns openstack-ironic-inspector-dnsmasq"
SITES = {
    "WSGIScriptAlias / /usr/bin/heat-wsgi-api": "heat-api",
    "WSGIScriptAlias / /usr/bin/heat-wsgi-api-cfn": "heat-api-cfn",
    'WSGIScriptAlias / "/var/www/cgi-bin/heat/heat_api_cfn"': "heat-api-cfn",
    'WSGIDaemonProcess heat_api display-name="heat_api_wsgi"': "heat-api",
    "WSGIScriptAlias / /usr/bin/nova-placement-api": "nova-placement-api",
    "WSGIScriptAlias / /usr/bin/placement-api": "placement-api",
    "WSGIScriptAlias / /usr/bin/nova-metadata-wsgi": "nova-metadata",
    "WSGIScriptAlias / /usr/bin/nova-api-wsgi": "nova-api",
    "WSGIScriptAlias / /usr/bin/ironic-inspector-api-wsgi": "ironic-inspector",
    "WSGIScriptAlias / /usr/bin/cinder-wsgi": "cinder-api",
}


def programs(said):
    return [
        service.name
        for project in PROJECTS
        for service in project.services
        if any(re.fullmatch(pattern, said) for pattern in service.units)
    ]


@pytest.mark.parametrize(("name", "units"), UNITS.items())
def test_each_unit_is_one_program_s(name, units):
    assert {unit: programs(unit) for unit in units.split()} == {unit: [name] for unit in units.split()}


@pytest.mark.parametrize("unit", OTHERS.split())
def test_what_reads_nothing_of_it_is_left_alone(unit):
    assert programs(unit) == []


@pytest.mark.parametrize(("line", "name"), SITES.items())
def test_a_web_server_s_site_runs_one_program(line, name):
    found = [one.name for project in PROJECTS for one in project.services if one.site and re.search(one.site, line)]
    assert found == [name]
