"""Identity tables as keystone has them, the modern ones and Liberty's, small enough to be made in a moment."""

from __future__ import annotations

MODERN = """
CREATE TABLE project (
    id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, extra TEXT, description TEXT, enabled TINYINT(1),
    domain_id VARCHAR(64) NOT NULL, parent_id VARCHAR(64), is_domain TINYINT(1) NOT NULL DEFAULT 0,
    UNIQUE KEY ixu_project_name_domain_id (domain_id, name),
    CONSTRAINT project_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES project (id),
    FOREIGN KEY (parent_id) REFERENCES project (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE `user` (
    id VARCHAR(64) NOT NULL PRIMARY KEY, extra TEXT, enabled TINYINT(1), default_project_id VARCHAR(64),
    created_at DATETIME, last_active_at DATE, domain_id VARCHAR(64) NOT NULL,
    UNIQUE KEY ixu_user_id_domain_id (id, domain_id),
    FOREIGN KEY (domain_id) REFERENCES project (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE local_user (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id VARCHAR(64) NOT NULL UNIQUE, domain_id VARCHAR(64) NOT NULL,
    name VARCHAR(255) NOT NULL, failed_auth_count INT, failed_auth_at DATETIME,
    UNIQUE KEY domain_id (domain_id, name),
    CONSTRAINT local_user_user_id_fkey FOREIGN KEY (user_id, domain_id) REFERENCES `user` (id, domain_id)
        ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE password (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, local_user_id INT NOT NULL, expires_at DATETIME,
    self_service TINYINT(1) NOT NULL DEFAULT 0, password_hash VARCHAR(255), created_at_int BIGINT NOT NULL DEFAULT 0,
    FOREIGN KEY (local_user_id) REFERENCES local_user (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE `group` (
    id VARCHAR(64) NOT NULL PRIMARY KEY, domain_id VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, description TEXT,
    extra TEXT
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE user_group_membership (
    user_id VARCHAR(64) NOT NULL, group_id VARCHAR(64) NOT NULL, PRIMARY KEY (user_id, group_id),
    FOREIGN KEY (user_id) REFERENCES `user` (id), FOREIGN KEY (group_id) REFERENCES `group` (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE role (
    id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, extra TEXT,
    domain_id VARCHAR(64) NOT NULL DEFAULT '<<null>>'
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE assignment (
    type ENUM('UserProject','GroupProject','UserDomain','GroupDomain') NOT NULL, actor_id VARCHAR(64) NOT NULL,
    target_id VARCHAR(64) NOT NULL, role_id VARCHAR(64) NOT NULL, inherited TINYINT(1) NOT NULL,
    PRIMARY KEY (type, actor_id, target_id, role_id, inherited), KEY ix_actor_id (actor_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE system_assignment (
    type VARCHAR(64) NOT NULL, actor_id VARCHAR(64) NOT NULL, target_id VARCHAR(64) NOT NULL,
    role_id VARCHAR(64) NOT NULL, inherited TINYINT(1) NOT NULL, PRIMARY KEY (type, actor_id, target_id, role_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE credential (
    id VARCHAR(64) NOT NULL PRIMARY KEY, user_id VARCHAR(64) NOT NULL, encrypted_blob TEXT NOT NULL, `raw` BLOB
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE revocation_event (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id VARCHAR(64), revoked_at DATETIME NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE token (
    id VARCHAR(64) NOT NULL PRIMARY KEY, expires DATETIME, extra TEXT, valid TINYINT(1) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO alembic_version VALUES ('29e87d24a316'), ('e25ffa003242');
SET foreign_key_checks = 0;
INSERT INTO project VALUES
    ('<<keystone.domain.root>>', '<<keystone.domain.root>>', '{}', '', 0, '<<keystone.domain.root>>', NULL, 1),
    ('default', 'Default', '{}', 'The default domain', 1, '<<keystone.domain.root>>', NULL, 1);
SET foreign_key_checks = 1
"""

LIBERTY = """
CREATE TABLE domain (id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL UNIQUE, enabled TINYINT(1) NOT NULL,
    extra TEXT) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE project (id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, extra TEXT, description TEXT,
    enabled TINYINT(1), domain_id VARCHAR(64) NOT NULL, parent_id VARCHAR(64),
    is_domain TINYINT(1) NOT NULL DEFAULT 0,
    UNIQUE KEY (domain_id, name), FOREIGN KEY (domain_id) REFERENCES domain (id),
    FOREIGN KEY (parent_id) REFERENCES project (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE `user` (id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, extra TEXT, password VARCHAR(128),
    enabled TINYINT(1), domain_id VARCHAR(64) NOT NULL, default_project_id VARCHAR(64),
    UNIQUE KEY (domain_id, name)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE role (id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE, extra TEXT)
    ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE assignment (
    type ENUM('UserProject','GroupProject','UserDomain','GroupDomain') NOT NULL, actor_id VARCHAR(64) NOT NULL,
    target_id VARCHAR(64) NOT NULL, role_id VARCHAR(64) NOT NULL, inherited TINYINT(1) NOT NULL,
    PRIMARY KEY (type, actor_id, target_id, role_id, inherited)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE trust (id VARCHAR(64) NOT NULL PRIMARY KEY, trustor_user_id VARCHAR(64) NOT NULL, deleted_at DATETIME)
    ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO domain VALUES ('default', 'Default', 1, '{}')
"""


def statements(sql: str) -> list[str]:
    """The statements of one of the texts above."""
    return [part for part in (part.strip() for part in sql.split(";\n")) if part]


def build(server, name: str, sql: str = MODERN) -> None:
    """Make a database of these tables on a server of the tests'."""
    server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8")
    connection = server.connect(name)
    with connection.cursor() as cursor:
        for statement in statements(sql):
            cursor.execute(statement)
    connection.close()


def add_user(cursor, ident: str, name: str, domain: str = "default") -> None:
    """A user of the modern tables, with a password, through an open cursor."""
    cursor.execute("INSERT INTO `user` VALUES (%s, '{}', 1, NULL, '2026-01-01', NULL, %s)", (ident, domain))
    cursor.execute("INSERT INTO local_user (user_id, domain_id, name) VALUES (%s, %s, %s)", (ident, domain, name))
    cursor.execute(
        "INSERT INTO password (local_user_id, password_hash) VALUES (LAST_INSERT_ID(), %s)", (f"$2b$12${ident}",)
    )


def add_project(cursor, ident: str, name: str) -> None:
    """A project of the modern tables, in the default domain."""
    cursor.execute(
        "INSERT INTO project VALUES (%s, %s, '{}', %s, 1, 'default', 'default', 0)", (ident, name, f"it's {name}\\ \n")
    )


def add_role(cursor, ident: str, name: str) -> None:
    """A role."""
    cursor.execute("INSERT INTO role (id, name, extra) VALUES (%s, %s, '{}')", (ident, name))


def assign(cursor, user: str, project: str, role: str) -> None:
    """A role of a user on a project."""
    cursor.execute("INSERT INTO assignment VALUES ('UserProject', %s, %s, %s, 0)", (user, project, role))


def deployment(cursor, mark: str) -> None:
    """What every deployment has, under ids of its own: admin, a service user, their projects and roles."""
    add_project(cursor, f"{mark}-admin-p", "admin")
    add_project(cursor, f"{mark}-service-p", "service")
    add_role(cursor, f"{mark}-admin-r", "admin")
    add_role(cursor, f"{mark}-member-r", "member")
    add_user(cursor, f"{mark}-admin-u", "admin")
    add_user(cursor, f"{mark}-nova-u", "nova")
    assign(cursor, f"{mark}-admin-u", f"{mark}-admin-p", f"{mark}-admin-r")
    assign(cursor, f"{mark}-nova-u", f"{mark}-service-p", f"{mark}-admin-r")
    cursor.execute(
        "INSERT INTO system_assignment VALUES ('UserSystem', %s, 'system', %s, 0)",
        (f"{mark}-admin-u", f"{mark}-admin-r"),
    )
