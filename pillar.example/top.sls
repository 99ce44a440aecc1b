# The cloud is the same to every minion, and holds no secret: keystone's own configuration has the database's password,
# the admin's openrc file has the admin's.
base:
  '*':
    - openstack_regions
  # Home's passwords of the services' accounts go to the nodes of joining regions alone. A grain is what a minion says of
  # itself: where minions are not trusted to tell the truth, target them here by their ids.
  'G@region:RegionTwo':
    - match: compound
    - openstack_regions_credentials
  # The accounts between the keystone databases, to the nodes that have them.
  'G@roles:keystone':
    - match: compound
    - openstack_regions_replication
