# How home's keystone database is replicated to the other regions (P10), for the nodes of the keystone databases alone.
# Each region's server reads home's by an account of its own, bound to its addresses.
openstack_regions:
  replication:
    # The passwords of these accounts, by region. Plain, encrypted (`#!yaml|gpg` on top), or sdb://PROFILE/KEY.
    passwords:
      RegionTwo: sdb://vault/openstack/replication-regiontwo

    # What stands below may be left out: each line shows the default, or an example where there is none.

    # The line between the sites, encrypted: then home's account must use it. Paths are on the replica; `verify` has home's
    # certificate checked against its name.
    # tls:
    #   ca: /etc/mysql/home-ca.pem
    #   cert: /etc/mysql/replica-cert.pem
    #   key: /etc/mysql/replica-key.pem
    #   verify: true

    # Where all but keystone's changes are left out. `replica`: the region's server passes them over; everything home
    # writes crosses the line. `primary`: home's binary log must hold keystone's alone (binlog_do_db in its option file,
    # which is looked at); little crosses the line, but home's other databases have no point-in-time recovery then.
    # filter: replica

    # The option file that keeps the replica's filter over a restart of the server.
    # option_file: /etc/mysql/conf.d/zz-openstack-regions.cnf

    # The administrator of this node's server. Left out: root, by the server's socket.
    # admin:
    #   user: root
    #   password: sdb://vault/mysql-root
    #   socket: /run/mysqld/mysqld.sock
    #   host: 127.0.0.1
    #   port: 3306

    # Seconds of silence after which home says that it is there, and between two tries to reach it.
    # heartbeat: 1
    # retry: 2
    # Seconds to wait for replication to run.
    # wait: 30
