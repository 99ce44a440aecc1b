# The accounts by which a joining region's services sign in at home (P8). Keys are the projects' names; `password` is enough
# where user and project are called at home as they usually are. Values may be plain, encrypted (begin this file with
# `#!yaml|gpg`), or an sdb URI (sdb://PROFILE/KEY), which the minion resolves.
openstack_regions:
  credentials:
    glance:
      password: sdb://vault/openstack/glance
      # The account's user and project at home, and their domains, by name, and by id where a file says ids.
      # username: glance
      # Its id at home, where a file says an id; left out, the name takes the id's place.
      # user_id: 0123456789abcdef0123456789abcdef
      # project_name: service
      # project_id: 0123456789abcdef0123456789abcdef
      # user_domain_name: Default
      # user_domain_id: default
      # project_domain_name: Default
      # project_domain_id: default
      # For services that sign in by one:
      # application_credential_id: 0123456789abcdef0123456789abcdef
      # application_credential_secret: sdb://vault/openstack/glance-secret
      # What the account is called in the region until now, where that differs.
      # replaces: [glance_two]
    placement:
      password: sdb://vault/openstack/placement
    # Home's admin, by whom the region's openrc files sign in once its keystone has home's identity (P10).
    admin:
      password: sdb://vault/openstack/admin
      project_name: admin
