"""How long a region is waited for, as each kind of server is asked to wait."""

from __future__ import annotations

import pytest

from osregions.replication.compare_run import applied
from osregions.replication.dialect import Dialect


class Asked:
    """A server that answers everything alike, and keeps what it was asked."""

    def __init__(self, answer):
        self.answer, self.given = answer, None

    def value(self, _query, given=None):
        self.given = given
        return self.answer


@pytest.mark.parametrize(
    ("mariadb", "version", "seconds", "told"),
    [
        pytest.param(True, (10, 11, 6), 0.5, 0.5, id="MariaDB takes a part of a second"),
        pytest.param(False, (8, 0, 36), 0.4, 1, id="MySQL might take it for 0, and wait for ever"),
        pytest.param(False, (5, 6, 51), 0.4, 1, id="MySQL before 5.7.5, too"),
        pytest.param(False, (8, 0, 36), 5, 5, id="whole seconds stay what they are"),
    ],
)
def test_no_server_is_asked_to_wait_for_ever(mariadb, version, seconds, told):
    dialect, region = Dialect(mariadb, version), Asked(0)
    assert applied(Asked("1-1-5"), region, dialect, dialect, seconds)
    assert region.given == ("1-1-5", told)
