"""The catalog's tables as keystone 8 (Liberty) makes them, written down from its models and migrations.

Only what a catalog is made of: its own tables, those that refer to it, and sqlalchemy-migrate's versions.
"""

SQL = """
CREATE TABLE migrate_version (
    repository_id VARCHAR(250) NOT NULL PRIMARY KEY,
    repository_path TEXT,
    version INTEGER
) ENGINE=InnoDB;
INSERT INTO migrate_version VALUES
    ('keystone', '/usr/lib/python2.7/site-packages/keystone/common/sql/migrate_repo', 75),
    ('endpoint_filter', '/usr/lib/python2.7/site-packages/keystone/contrib/endpoint_filter/migrate_repo', 2),
    ('endpoint_policy', '/usr/lib/python2.7/site-packages/keystone/contrib/endpoint_policy/migrate_repo', 1);

CREATE TABLE region (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    description VARCHAR(255) NOT NULL,
    parent_region_id VARCHAR(255),
    extra TEXT
) ENGINE=InnoDB;

CREATE TABLE service (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    type VARCHAR(255),
    enabled TINYINT(1) NOT NULL DEFAULT 1,
    extra TEXT
) ENGINE=InnoDB;

CREATE TABLE endpoint (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    legacy_endpoint_id VARCHAR(64),
    interface VARCHAR(8) NOT NULL,
    service_id VARCHAR(64) NOT NULL,
    url TEXT NOT NULL,
    extra TEXT,
    enabled TINYINT(1) NOT NULL DEFAULT 1,
    region_id VARCHAR(255),
    CONSTRAINT endpoint_service FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT endpoint_region FOREIGN KEY (region_id) REFERENCES region (id)
) ENGINE=InnoDB;

-- OS-EP-FILTER
CREATE TABLE endpoint_group (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    filters TEXT NOT NULL
) ENGINE=InnoDB;
CREATE TABLE project_endpoint (
    endpoint_id VARCHAR(64) NOT NULL,
    project_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (endpoint_id, project_id)
) ENGINE=InnoDB;

-- OS-ENDPOINT-POLICY
CREATE TABLE policy_association (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    policy_id VARCHAR(64) NOT NULL,
    endpoint_id VARCHAR(64),
    service_id VARCHAR(64),
    region_id VARCHAR(64),
    UNIQUE (endpoint_id, service_id, region_id)
) ENGINE=InnoDB;

CREATE TABLE token (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    expires DATETIME,
    extra TEXT,
    valid TINYINT(1) NOT NULL,
    trust_id VARCHAR(64),
    user_id VARCHAR(64)
) ENGINE=InnoDB;
"""
