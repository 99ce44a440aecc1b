"""Two real servers, home's and a region's, ready to replicate: MariaDB 10.11 or MySQL 5.6."""

from __future__ import annotations

import contextlib
from pathlib import Path

from osregions import database
from osregions.replication import server
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56

KINDS = ("mariadb", "mysql56")
PASSWORD = "s3cr3t of the line"
# As far as keystone 22 has it, and as far as is looked at.
KEYSTONE = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE TABLE project (id varchar(64) PRIMARY KEY, name varchar(64) NOT NULL, domain_id varchar(64) NOT NULL,
  is_domain tinyint NOT NULL DEFAULT 0, description text);
CREATE TABLE user (id varchar(64) PRIMARY KEY, domain_id varchar(64) NOT NULL, last_active_at date,
  default_project_id varchar(64));
CREATE TABLE local_user (id int PRIMARY KEY AUTO_INCREMENT, user_id varchar(64) NOT NULL UNIQUE,
  domain_id varchar(64) NOT NULL, name varchar(255) NOT NULL, failed_auth_count int, failed_auth_at datetime,
  FOREIGN KEY (user_id) REFERENCES user (id));
CREATE TABLE role (id varchar(64) PRIMARY KEY, name varchar(255) NOT NULL, domain_id varchar(64) NOT NULL);
CREATE TABLE `group` (id varchar(64) PRIMARY KEY, name varchar(64) NOT NULL, domain_id varchar(64) NOT NULL);
CREATE TABLE assignment (type varchar(32) NOT NULL, actor_id varchar(64) NOT NULL, target_id varchar(64) NOT NULL,
  role_id varchar(64) NOT NULL, inherited tinyint NOT NULL,
  PRIMARY KEY (type, actor_id, target_id, role_id, inherited));
CREATE TABLE revocation_event (id int PRIMARY KEY AUTO_INCREMENT, domain_id varchar(64), project_id varchar(64),
  user_id varchar(64), role_id varchar(64), trust_id varchar(64), consumer_id varchar(64), access_token_id varchar(64),
  issued_before datetime NOT NULL, expires_at datetime, revoked_at datetime NOT NULL, audit_id varchar(32),
  audit_chain_id varchar(32));
INSERT INTO alembic_version VALUES ('29e87d24a316');
INSERT INTO project VALUES ('default', 'Default', '<<keystone.domain.root>>', 1, NULL);
INSERT INTO project VALUES ('p1', 'red', 'default', 0, NULL);
INSERT INTO role VALUES ('r1', 'member', '<<null>>');
INSERT INTO user VALUES ('u1', 'default', NULL, 'p1');
INSERT INTO local_user VALUES (1, 'u1', 'default', 'alice', 0, NULL);
INSERT INTO assignment VALUES ('UserProject', 'u1', 'p1', 'r1', 0)
"""


class End:
    """One server of a pair."""

    def __init__(self, kind: str, folder: Path, number: int, clock: int = 0):
        common = (f"--server-id={number}", "--log-bin=binlog", "--binlog-format=ROW", "--slave-net-timeout=5")
        if kind == "mariadb":
            self.own = MariaDB(folder, *common, f"--gtid-domain-id={number}", "--relay-log=relay", clock=clock)
        else:
            gtids = ("--gtid-mode=ON", "--enforce-gtid-consistency", "--log-slave-updates", "--relay-log=relay")
            self.own = MySQL56(folder, *common, *gtids, "--replicate-wild-do-table=keystone.%", clock=clock)
        self.kind = kind

    @contextlib.contextmanager
    def session(self):
        """An administrator's session, as the product opens it."""
        account = server.admin_account(password=self.own.password, socket=str(self.own.socket))
        with database.session(account) as session:
            yield session

    def view(self) -> server.Server:
        """The server, seen now."""
        with self.session() as session:
            return server.view(session)

    def execute(self, sql: str, *values, database: str | None = "keystone") -> tuple:
        """Run one statement as administrator."""
        return self.own.execute(sql, *values, database=database)

    def script(self, text: str) -> None:
        """Run several statements in the keystone database; none of them holds a semicolon."""
        for statement in filter(None, map(str.strip, text.split(";"))):
            self.execute(statement)

    def project(self, number: str, name: str) -> None:
        """Make a project."""
        self.execute("INSERT INTO project VALUES (%s, %s, 'default', 0, NULL)", number, name)

    def make(self) -> None:
        """Make a small keystone database."""
        self.execute("CREATE DATABASE keystone CHARACTER SET utf8 COLLATE utf8_general_ci", database=None)
        self.script(KEYSTONE)


class Pair:
    """Home and region; `seeded()` brings the region to where home is, as nobody writes meanwhile.

    `clocks` are seconds by which a server's clock is ahead, by the end's name.
    """

    def __init__(self, kind: str, folder: Path, **clocks: int):
        self.kind = kind
        places = {name: folder / name for name in ("home", "region")}
        for place in places.values():
            place.mkdir()
        self.home, self.region = (
            End(kind, places[name], number, clocks.get(name, 0)) for number, name in enumerate(places, 1)
        )

    def at(self, region: str) -> End:
        """The server of RegionOne, which is home, or RegionTwo."""
        return self.home if region == "RegionOne" else self.region

    def pillar(self, region: str, **replication) -> dict:
        """What pillar says on the node of a region's server."""
        own = self.at(region).own
        return {
            "home": "RegionOne",
            "regions": {
                "RegionOne": {
                    "public_endpoint": "http://10.0.0.1:5000",
                    "database": {"host": "127.0.0.1", "port": self.home.own.port},
                },
                "RegionTwo": {"public_endpoint": "http://10.0.0.2:5000", "database": {"host": "127.0.0.1"}},
            },
            "replication": {
                "passwords": {"RegionTwo": PASSWORD},
                "admin": {"password": own.password, "socket": str(own.socket)},
                "wait": 10,
                **replication,
            },
        }

    def start(self) -> None:
        for end in (self.home, self.region):
            end.own.install()
            # As whom keystone enters its database.
            end.execute("CREATE USER keystone@'127.0.0.1' IDENTIFIED BY 'ks'", database=None)
            end.execute("GRANT ALL ON keystone.* TO keystone@'127.0.0.1'", database=None)
        self.home.make()

    def stop(self) -> None:
        for end in (self.home, self.region):
            end.own.stop()

    def __enter__(self) -> Pair:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def seeded(self) -> None:
        """The region's server holds home's rows, and knows as of when."""
        self.region.execute("DROP DATABASE IF EXISTS keystone", database=None)
        self.region.make()
        if self.kind == "mariadb":
            position = self.home.execute("SELECT @@GLOBAL.gtid_binlog_pos", database=None)[0][0]
            self.region.execute("SET GLOBAL gtid_slave_pos = %s", position, database=None)
        else:
            position = self.home.execute("SELECT @@GLOBAL.gtid_executed", database=None)[0][0]
            self.region.execute("RESET MASTER", database=None)
            self.region.execute("SET GLOBAL gtid_purged = %s", position, database=None)
