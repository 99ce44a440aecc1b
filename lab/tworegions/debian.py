"""The Debian root that every host stands on: packages, and what is turned off because a lab host has no use for it."""

from __future__ import annotations

from pathlib import Path

from .shell import run, write

SUITE = "bookworm"

PACKAGES = [
    # a machine
    "systemd",
    "systemd-sysv",
    "dbus",
    "iproute2",
    "iputils-ping",
    "procps",
    "lsof",
    "curl",
    "ca-certificates",
    "netbase",
    "less",
    # Python, and what the services below use to reach database and cache
    "python3",
    "python3-venv",
    "python3-pymysql",
    "python3-memcache",
    # OpenStack
    "keystone",
    "glance-api",
    "placement-api",
    "python3-openstackclient",
    "python3-osc-placement",
    # what it leans on
    "mariadb-server",
    "memcached",
]

# Started by the packages themselves; in the lab each host enables what it is there for.
DISABLED = [
    "keystone",
    "glance-api",
    "placement-api",
    "mariadb",
    "memcached",
    "apache2",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "e2scrub_reap.service",
    "getty@tty1.service",
    "systemd-pstore.service",
    "systemd-timesyncd.service",
]


def build(root: Path) -> None:
    """Make the Debian root at `root`, which must not exist yet."""
    run(
        [
            # a pid namespace of its own: when the lab is killed, the whole of mmdebstrap goes with it
            *("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("mmdebstrap", "--quiet", "--variant=apt", "--mode=root", "--components=main"),
            "--aptopt=Acquire::Languages none",
            "--aptopt=APT::Install-Recommends false",
            "--dpkgopt=force-unsafe-io",  # a half-built root is thrown away: no need to flush file by file
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale", "info")),
            f"--include={','.join(PACKAGES)}",
            SUITE,
            root,  # no mirror named: Debian's default, with security and updates
        ]
    )
    for name in ("etc/machine-id", "etc/hostname", "etc/resolv.conf"):
        (root / name).unlink(missing_ok=True)
    write(root / "etc/fstab", "")
    for unit in DISABLED:  # one by one: an unknown unit must not keep the others enabled
        run(["chroot", root, "systemctl", "--quiet", "disable", unit], check=False)
    _small_services(root)


def _small_services(root: Path) -> None:
    """Packaged uwsgi services start 8 processes of 32 threads each, keystone's under AppArmor: too much for a lab."""
    for name, processes in (("keystone/keystone", 2), ("glance/glance-api", 1), ("placement/placement-api", 1)):
        path = root / f"etc/{name}-uwsgi.ini"
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            key = line.split("=")[0].strip()
            if key == "apparmor-profile":
                continue
            if key == "plugins":
                line = "plugins = python3"
            elif key == "processes":
                line = f"processes = {processes}"
            elif key == "threads":
                line = "threads = 4"
            lines.append(line)
        write(path, "\n".join(lines) + "\n")
    write(
        root / "etc/systemd/journald.conf.d/lab.conf",
        "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\nAudit=no\n",
    )
    # A region's database server: small, reachable in its region, and ready to be replicated later.
    write(
        root / "etc/mysql/mariadb.conf.d/90-lab.cnf",
        "\n".join(
            (
                "[mysqld]",
                "bind-address = 0.0.0.0",
                "skip-name-resolve",
                "innodb_buffer_pool_size = 64M",
                "innodb_log_file_size = 16M",
                "innodb_flush_log_at_trx_commit = 2",
                "performance_schema = OFF",
                "max_connections = 200",
                "",
            )
        ),
    )
