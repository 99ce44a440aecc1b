# The cloud, declared. The lab runs on this very file; put your own names and addresses in.
# A key that is not known here is an error, not a default.
openstack_regions:

  # The region whose keystone and dashboard all the others use.
  home: RegionOne

  # The region that `salt-run state.orchestrate orch.join` brings in, whose identity `orch.identity` sets right, and which
  # `regions.catalog.clean` takes out. With more than two regions, one after another:
  #   salt-run state.orchestrate orch.join pillar='{"openstack_regions": {"join": "RegionThree"}}'
  join: RegionTwo

  # Every region of the cloud, home among them, by the name that it is to have.
  # A minion belongs to one by its grain `region`; its grain `roles` says what it is (keystone, ...).
  regions:
    RegionOne:
      # The URL of this region's keystone, without a version, as clients and the other regions reach it.
      public_endpoint: http://10.213.1.11:5000
      # Up to Pike (12), keystone has a URL of its own for admins:
      # admin_endpoint: http://10.213.1.11:35357
      # The URL that services use, where it is not the public one:
      # internal_endpoint: http://10.213.1.11:5000
      # The memcached servers that this region's keystones share. Left out: those they name already, else each its own;
      # up to Newton (10), where tokens live there, several keystones must share them.
      # memcached_servers: ['10.213.1.11:11211']
      # This region's server of the keystone database, as other regions' servers reach it.
      database:
        host: 10.213.1.11
        # port: 3306
    RegionTwo:
      public_endpoint: http://10.213.2.11:5000
      database:
        host: 10.213.2.11
        # The addresses from which it reaches home's, where they are others than that.
        # addresses: ['10.213.2.11']
        # Its account at home. Left out: osr_ and the region's name, 16 characters at most.
        # user: osr_regiontwo
        # The region's number, one of its own: its keystone numbers revocations of its own apart from home's. Left out:
        # its place in this list.
        # number: 2
        # Whether projects, users, roles and assignments that home lacks may go when this region becomes home's replica.
        # Left out, that is refused, with a list. The old database is kept in any case.
        # discard: false
      # The name that it has until it joins. Leave it out for a cluster that is called right from the start.
      renamed_from: RegionOne
      # What happens by itself when home's keystone can't serve this region: `auto` (it signs people in by its own
      # keystone), `ask` (a person is told, and waited for) or `off`.
      # failover: auto
      # And when home is back: `auto` (it returns), `ask` or `off`.
      # failback: ask

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

  # What stands below may be left out: each line shows the default. On RHEL and its kin names and paths differ by
  # themselves (salt/regions/parameters/os_family).

  # By which grains minions are found; {region} is the region's name.
  # targets:
  #   keystone: G@region:{region} and G@roles:keystone
  #   region: G@region:{region}
  #   # The one node of each region that has the server of keystone's database. Left out: its keystone nodes; where there
  #   # are several of them, name it (for example with a role `keystone-database` of its own).
  #   database: G@region:{region} and G@roles:keystone

  # Where keystone is on its nodes.
  # keystone:
  #   config: /etc/keystone/keystone.conf
  #   # The systemd unit that serves it. Found by itself: keystone, openstack-keystone, httpd or apache2.
  #   service: keystone
  #   # The path of keystone-manage, for a keystone in a virtual environment.
  #   manage: /usr/bin/keystone-manage
  #   # Its release, 8 to 30, where it can't be asked.
  #   release: 22
  #   # Where it answers on its own node. Found by itself: what listens on port 5000.
  #   url: http://127.0.0.1:5000
  #   # Seconds to wait for it to answer after a restart.
  #   wait: 90

  # Where tokens are kept (P1).
  # tokens:
  #   # auto: what the release wants. memcache: in memcached (up to Newton, 10). fernet, jws: nowhere (jws from Stein on).
  #   store: auto
  #   # Every keystone's memcached server: this node's own. Servers shared by a region's keystones stand above.
  #   servers: ['127.0.0.1:11211']
  #   # One that caches in memcached. Left out: the one it has, else dogpile.cache.memcached.
  #   cache_backend: dogpile.cache.memcached
  #   # Whether the four proofs (P2) are part of the states, and by how many tokens.
  #   verify: true
  #   verify_tokens: 3

  # The memcached of a keystone node.
  # memcached:
  #   package: memcached
  #   # keystone's client for it.
  #   python_package: python3-memcache
  #   service: memcached
  #   config: /etc/memcached.conf
  #   # How that file is written: debian (-l, -p, -m, -U) or sysconfig (PORT, CACHESIZE, OPTIONS).
  #   style: debian
  #   # The addresses it is bound to. Left out: those of its own file, else 127.0.0.1; every address only when named.
  #   listen: [127.0.0.1]
  #   # Left out: what its own file says.
  #   port: 11211
  #   # Megabytes, 8 at least. Left out: what its own file says. regions.tokens sets it along with what else changes
  #   # there; afterwards it is regions.cachesize's, which restarts nothing unless told to.
  #   size: 64

  # Whether that memcached has the size that it needs, as its minion watches it (M1). Seconds, where not said otherwise.
  # pressure:
  #   # Whether a size that memcached can't take as it runs (before 1.4.27) restarts it. That empties it: up to Newton,
  #   # where tokens live there, everybody is signed out. Better said when it suits, see salt/regions/cachesize.
  #   restart: false
  #   # How long it is watched after it was restarted for its size, to say whether that helped: by its hits, evictions,
  #   # total_items and total_connections. 0, or null: not at all.
  #   verify: 30
  #   # Whether its minion watches it, and the file that says so.
  #   watch: true
  #   config: /etc/salt/minion.d/zz-openstack-regions-pressure.conf
  #   # Between the two readings that are compared.
  #   window: 300
  #   # Looks in a row that must say another thing before it is believed.
  #   times: 3
  #   # After which it is said again that memcached is too small, or does not answer.
  #   remind: 3600
  #   # That it must have run before what it never took is held to be spare.
  #   settled: 86400
  #   # For which an item is of use after it was asked for last. Left out: as keystone's options say, 600 as a rule, and
  #   # the life of a token where tokens live in memcached.
  #   live: 600
  #   # The share of all that is asked for, missed for want of room, from which on it is too small.
  #   missed: 0.01

  # What salt/regions/alarms has minions watch: the replica, keys, the services' files, backups. Seconds, where not said
  # otherwise.
  # alarms:
  #   # That the replica of home's identity may be behind; the status goes by it too.
  #   lag: 30
  #   # Days that the newest backup of home's keystone database may be old; the status goes by it too.
  #   backup_days: 7
  #   # Looks in a row that must say another thing before it is believed.
  #   times: 2
  #   # After which it is said again what is wrong.
  #   remind: 600
  #   # The file that has the minion watch.
  #   config: /etc/salt/minion.d/zz-openstack-regions-alarms.conf

  # The package with the database's dump program and client, installed where neither is there.
  # mysql_client:
  #   package: mariadb-client

  # Keystone's fernet keys, which every keystone node of every region gets from home.
  # keys:
  #   # The minion of home whose keys count, and where they are rotated. Left out: the first of home's by name.
  #   source: one-controller
  #   # Seconds between two rotations. Left out: the shortest time after which no token in use is lost.
  #   every: 604800
  #   # Whom the keys belong to. Left out: keystone, or who has the directory where there is no such account.
  #   user: keystone
  #   group: keystone
  #   # For once, on the command line of orch.keys: regions take keys older than what they had, for home was restored.
  #   older: false
  #   # For once, on the command line of orch.rotate_keys: rotate now, though tokens in use may lose their key.
  #   force: false
  # Rotation by the clock is the master's: an hourly look, which rotates when it is time and all nodes are there. In the
  # master's own configuration, /etc/salt/master.d/openstack_regions.conf:
  ## schedule:
  ##   rotate keystone's keys:
  ##     function: state.orchestrate
  ##     args: [orch.rotate_keys]
  ##     minutes: 60
  ##     maxrunning: 1

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

  # The accounts by which a joining region's services sign in at home (P8) stand in openstack_regions_credentials.sls,
  # which only the nodes that need them are given.

  # How the services' files are found and changed (P7), and the services restarted (P9).
  # repoint:
  #   # Left out: /etc, and the distribution's defaults.
  #   roots: [/etc]
  #   # Seconds to wait for a service to answer after a restart.
  #   wait: 90

  # How closely home's keystone is watched by the other regions' nodes, and how readily they move (P11). Seconds, where
  # not said otherwise. As they stand, a line is held to be cut 2.6 to 3.6 s after it was; blips of 2 s move nobody.
  # failover:
  #   # Between two looks at a keystone that is well; no less than a look may take. Each look is a token that home's
  #   # keystone validates: 1 s, three controllers and five regions are fifteen of these a second.
  #   interval: 1
  #   # That one look may take as a whole.
  #   timeout: 1
  #   # Without any sign of life from the host of home's keystone, after which it is down.
  #   down_after: 2.6
  #   # Without a good answer while its host is there: keystone restarts in 3 to 8 s, which moves nobody.
  #   restart_after: 10
  #   # Of good answers alone, after which home is back.
  #   up_after: 30
  #   # Beyond which a good answer is called slow; that moves nobody.
  #   slow: 0.5
  #   # Between two moves of a region by itself.
  #   minimum_stay: 60
  #   # Moves of a region by itself within an hour, there and back counted each; then a person is waited for.
  #   cap_per_hour: 4
  #   # That a node leaves the master that it is connected with to act, before it acts itself.
  #   grace: 4

  # How `salt-run regions.status` asks.
  # status:
  #   # Seconds after which a minion that has not answered is found silent; left out, 3.5. For slow minions, more.
  #   timeout: 4

  # The same as metrics, where salt/regions/metrics is applied to a master.
  # metrics:
  #   # The directory that node_exporter's textfile collector reads. Apply regions.metrics.clean before you name another:
  #   # what was written to the old one would stay there, and be told on as if it were new.
  #   directory: /var/lib/prometheus/node-exporter
  #   # Seconds between two readings of the status.
  #   every: 60

  # How home's keystone database is replicated (P10) stands in openstack_regions_replication.sls, which the nodes of the
  # databases alone are given.

  # The minions of the regions that home serves, where salt/regions/failover has them watch home's keystone (P11).
  # minion:
  #   # The file that says so; it is read last.
  #   config: /etc/salt/minion.d/zz-openstack-regions.conf
  #   service: salt-minion
  #   # Whether it is restarted, a few seconds after its state run, when that file changes.
  #   restart: true

  # The dashboards (K4): each region's own, on the nodes that salt/regions/dashboard is applied to.
  # dashboard:
  #   # Where horizon reads snippets: the first of these that is there. Left out: where the distribution's packages do.
  #   directories: [/etc/openstack-dashboard/local_settings.d]
  #   # The unit that serves it.
  #   service: apache2
  #   # Its sign-in page, by a name that ALLOWED_HOSTS has, as the node itself reaches it.
  #   url: http://localhost/horizon/auth/login/
  #   # The memcached servers of its sessions, where its settings name no server. Left out: the region's
  #   # memcached_servers, else the node's own.
  #   sessions: ['127.0.0.1:11211']
  #   # Seconds to wait for the sign-in page after a change.
  #   wait: 60

  # What is added to the catalogue of options: a project of one's own, or further options of a known one.
  # projects:
  #   billing:
  #     # Its folders under /etc, and its own configuration files there, the main one first.
  #     folders: [billing]
  #     files: [billing.conf, 'billing-*.ini']
  #     # Options that name a keystone; with `: public` or `: admin` behind one when it is not the internal interface.
  #     urls: ['[backend] identity_url', '[DEFAULT] login_url: public']
  #     # Options that name a region, and sections that sign in with username and password.
  #     regions: ['[backend] region']
  #     accounts: [backend]
  #     # Its systemd units; of an API its port, type, and a path that needs a token.
  #     services:
  #       billing-api: {files: [billing.conf], port: 8999, type: billing, probe: /v1/bills}
