# The cloud, declared. The lab runs on this very file; put your own names and addresses in.
# A key that is not known here is an error, not a default.
openstack_regions:

  # The region whose keystone and dashboard all the others use.
  home: RegionOne

  # The region that `salt-run state.orchestrate orch.join` brings in. With more than two regions, one after another:
  #   salt-run state.orchestrate orch.join pillar='{"openstack_regions": {"join": "RegionThree"}}'
  join: RegionTwo

  # Every region of the cloud, home among them, by the name that it is to have.
  # A minion belongs to one by its grain `region`; its grain `roles` says what it is (keystone, ...).
  regions:
    RegionOne:
      # The URL of this region's keystone, without a version, as clients and the other regions reach it.
      public_endpoint: http://10.213.1.11:5000
    RegionTwo:
      public_endpoint: http://10.213.2.11:5000
      # The name that it has until it joins. Leave it out for a cluster that is called right from the start.
      renamed_from: RegionOne
      # Up to Stein, keystone has a port of its own for admins:
      # admin_endpoint: http://10.213.2.11:35357

  # Which URLs the identity endpoints of a joining region get in home's catalog.
  # `follow`: $(public_endpoint)s/v3, which each keystone fills in with its own address, so that the same row is right
  # wherever it is served. Or explicit ones:
  # identity:
  #   public: http://10.213.1.11:5000/v2.0
  #   internal: http://10.213.1.11:5000/v2.0
  #   admin: http://10.213.1.11:35357/v2.0
  identity: follow

  # `mapped`: a joining region's services become home's of the same type and name, one catalog entry for each type.
  # `verbatim`: its rows come in as they are. Horizon then shows only the first of a type.
  services: mapped

  # Where the earlier state of tables and files is kept (0600).
  # backup:
  #   directory: /var/backups/openstack-regions
  #   # How many backups of a database are kept.
  #   keep: 30
  #   # What is backed up before tables change: `database` (all but tokens) or `catalog`.
  #   scope: database

  # The openrc files that are made to name their region, where they exist, and the one the admin signs in with.
  # openrc:
  #   files: [/root/keystonerc_admin, /root/admin-openrc, /root/openrc]
  #   admin: /root/keystonerc_admin
