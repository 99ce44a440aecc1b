# The cloud is the same to every minion, and holds no secret: keystone's own configuration has the database's password,
# the admin's openrc file has the admin's.
base:
  '*':
    - openstack_regions
