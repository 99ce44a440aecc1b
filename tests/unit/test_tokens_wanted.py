"""Which options keep tokens out of the database: one table for each release that differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import releases
from osregions.conf.document import Document
from osregions.conf.options import Options
from osregions.errors import Refused
from osregions.tokens import wanted
from osregions.tokens.wanted import Wish

CONF = "/etc/keystone/keystone.conf"
LOCAL = "127.0.0.1:11211"
SQL = "keystone.token.persistence.backends.sql.Token"
MEMCACHE = "keystone.token.persistence.backends.memcache.Token"
CACHE = "[cache]\nenabled = true\nbackend = dogpile.cache.memcached\nmemcache_servers = 127.0.0.1:11211\n"
READY = f"[token]\ndriver = memcache\nprovider = uuid\ncaching = true\n[memcache]\nservers = {LOCAL}\n{CACHE}"


def planned(release: int, text: str, keys: int | None = 2, local: str = LOCAL, **wish) -> dict[str, str | None]:
    options = Options([(CONF, Document.parse(text))])
    plan = wanted.plan(releases.parse(release), options, CONF, Wish(**wish), local, keys)
    return {change.name: change.after for change in plan}


CACHED = {
    "[cache] enabled": "true",
    "[cache] backend": "dogpile.cache.memcached",
    "[cache] memcache_servers": LOCAL,
}
STORED = {
    "[token] driver": "memcache",
    "[token] provider": "uuid",
    "[token] caching": "true",
    "[memcache] servers": LOCAL,
    **CACHED,
}


@pytest.mark.parametrize("release", [8, 9, 10])
@pytest.mark.parametrize(
    "text", ["", f"[token]\ndriver = {SQL}\n", "[token]\ndriver = sql\n"], ids=["nothing", "class", "sql"]
)
def test_liberty_to_newton_store_tokens_in_memcached(release, text):
    assert planned(release, text) == STORED


@pytest.mark.parametrize("release", range(11, 31))
def test_ocata_and_later_store_nothing_and_cache_in_memcached(release):
    assert planned(release, "") == {"[token] provider": "fernet", **CACHED}


@pytest.mark.parametrize(
    ("release", "text", "expected"),
    [
        pytest.param(8, READY, {}, id="all is as it should be"),
        pytest.param(
            8, READY.replace("memcache\nprovider", f"{MEMCACHE}\nprovider"), {}, id="Liberty takes a class path"
        ),
        pytest.param(
            9,
            READY.replace("memcache\nprovider", f"{MEMCACHE}\nprovider"),
            {"[token] driver": "memcache"},
            id="Mitaka wants the short name",
        ),
        pytest.param(
            8,
            READY.replace("memcache\nprovider", "keystone.token.backends.memcache.Token\nprovider"),
            {"[token] driver": "memcache"},
            id="a class path of Icehouse",
        ),
        pytest.param(
            8, READY.replace("driver = memcache", "driver = memcache_pool"), {}, id="memcached through a pool"
        ),
        pytest.param(
            10,
            READY.replace("provider = uuid", "provider = keystone.token.providers.pki.Provider"),
            {"[token] provider": "pki"},
            id="a provider by its class",
        ),
        pytest.param(
            8, READY.replace("caching = true", "caching = False"), {"[token] caching": "true"}, id="no caching"
        ),
        pytest.param(8, READY.replace("enabled = true", "enabled = On"), {}, id="another word for true"),
        pytest.param(
            8,
            READY.replace("dogpile.cache.memcached", "keystone.cache.memcache_pool"),
            {},
            id="a memcached backend of its own",
        ),
        pytest.param(
            22,
            f"[token]\nprovider = fernet\n{CACHE.replace('dogpile.cache.memcached', 'oslo_cache.memcache_pool')}",
            {},
            id="another memcached backend stays",
        ),
        pytest.param(
            22,
            f"[token]\nprovider = fernet\n{CACHE.replace('dogpile.cache.memcached', 'keystone.cache.memcache_pool')}",
            {"[cache] backend": "dogpile.cache.memcached"},
            id="a backend that this release has no more",
        ),
        pytest.param(
            22,
            f"[token]\nprovider = fernet\n{CACHE.replace('127.0.0.1:11211', 'c1:11211, c2:11211')}",
            {},
            id="servers that are named stay",
        ),
        pytest.param(22, f"[token]\nprovider = jws\n{CACHE}", {}, id="jws stays"),
        pytest.param(14, f"[token]\nprovider = jws\n{CACHE}", {"[token] provider": "fernet"}, id="no jws before Stein"),
        pytest.param(
            11,
            f"[token]\nprovider = fernet\ndriver = memcache\n{CACHE}",
            {"[token] driver": None},
            id="a driver that would keep Ocata from starting",
        ),
        pytest.param(12, f"[token]\nprovider = fernet\ndriver = sql\n{CACHE}", {}, id="a driver that Pike still has"),
        pytest.param(
            14, f"[token]\nprovider = fernet\ndriver = sql\n{CACHE}", {"[token] driver": None}, id="Rocky has no driver"
        ),
        pytest.param(
            12, f"[token]\nprovider = uuid\n{CACHE}", {"[token] provider": "fernet"}, id="uuid in the database of Pike"
        ),
        pytest.param(8, f"[token]\nprovider = fernet\n{CACHE}", {}, id="fernet tokens need no store in Liberty either"),
        pytest.param(
            22,
            "[token]\nprovider = fernet\n[cache]\nbackend = dogpile.cache.memcached\nbackend_argument = url:c1:11211\n",
            {"[cache] enabled": "true", "[cache] memcache_servers": "c1:11211"},
            id="servers as Icehouse named them",
        ),
    ],
)
def test_what_will_do_is_left_as_it_is(release, text, expected):
    assert planned(release, text) == expected


@pytest.mark.parametrize(
    ("release", "text", "wish", "problem", "remedy"),
    [
        (22, "", {"store": "memcache"}, "Ocata (11) removed the memcache token driver", "choose `fernet`"),
        (11, "", {"store": "memcache"}, "keystone 11 (Ocata) can't keep tokens in memcached", "cache"),
        (14, "", {"store": "jws"}, "no token provider jws", "fernet"),
        (22, "", {"store": "redis"}, "no token store", "auto, memcache, fernet, jws"),
        (22, "", {"backend": "dogpile.cache.redis"}, "does not cache in memcached", "dogpile.cache.memcached"),
        (
            22,
            "[cache]\nbackend_argument = url:a:1\nmemcache_servers = b:2\n",
            {},
            "would win over memcache_servers",
            "take that backend_argument out",
        ),
    ],
)
def test_what_can_not_be_is_refused_and_what_can_is_named(release, text, wish, problem, remedy):
    with pytest.raises(Refused) as refused:
        planned(release, text, **wish)
    assert problem in refused.value.problem
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("release", [8, 22])
def test_without_keys_there_are_no_fernet_tokens(release):
    with pytest.raises(Refused, match="no fernet keys") as refused:
        planned(release, "", keys=0, store="fernet")
    assert "keystone-manage fernet_setup" in refused.value.remedy


def test_the_servers_asked_for_are_named_both_for_the_store_and_for_the_cache():
    plan = planned(8, READY, servers=("c1:11211", "c2:11211"))
    assert plan == {"[memcache] servers": "c1:11211,c2:11211", "[cache] memcache_servers": "c1:11211,c2:11211"}


def test_the_file_that_wins_is_the_one_that_changes():
    late = f"{CONF}.d/99-site.conf"
    options = Options(
        [
            ("/usr/share/keystone/keystone-dist.conf", Document.parse("[token]\nprovider = uuid\n")),
            (CONF, Document.parse("[token]\nprovider = uuid\n")),
            (late, Document.parse("[token]\nprovider = uuid\n")),
        ],
        defaults=["/usr/share/keystone/keystone-dist.conf"],
    )
    plan = wanted.plan(releases.parse(12), options, CONF, Wish(), LOCAL, 2)
    assert {change.name: change.path for change in plan} == {
        "[token] provider": late,
        "[cache] enabled": CONF,
        "[cache] backend": CONF,
        "[cache] memcache_servers": CONF,
    }


def test_a_driver_is_unset_in_every_file_but_the_distributions():
    dist = "/usr/share/keystone/keystone-dist.conf"
    text = "[token]\nprovider = fernet\ndriver = sql\n"
    options = Options(
        [
            (dist, Document.parse(text)),
            (CONF, Document.parse(text)),
            (f"{CONF}.d/a.conf", Document.parse(text + CACHE)),
        ],
        defaults=[dist],
    )
    plan = wanted.plan(releases.parse(22), options, CONF, Wish(), LOCAL, 2)
    assert [(change.path, change.after) for change in plan] == [(CONF, None), (f"{CONF}.d/a.conf", None)]


@pytest.mark.parametrize(
    ("release", "text", "place", "safe"),
    [
        (8, "", "keystone's database, table token", False),
        (8, f"[token]\ndriver = {MEMCACHE}\n[memcache]\nservers = a:1\n", "memcached at a:1", True),
        (8, "[token]\nprovider = fernet\n", "nowhere: fernet tokens carry all they need", True),
        (12, "[token]\nprovider = uuid\n", "keystone's database, table token", False),
        (22, "", "nowhere: fernet tokens carry all they need", True),
    ],
)
def test_where_the_tokens_are(release, text, place, safe):
    found = wanted.current(releases.parse(release), Options([(CONF, Document.parse(text))]))
    assert (found.place, found.survives_a_replica) == (place, safe)


drivers = st.sampled_from([None, "sql", "kvs", "memcache", "memcache_pool", SQL, MEMCACHE, "no.such.Driver"])
providers = st.sampled_from(
    [None, "uuid", "pki", "fernet", "jws", "keystone.token.providers.uuid.Provider", "nonsense"]
)
backends = st.sampled_from([None, "dogpile.cache.null", "oslo_cache.memcache_pool", "dogpile.cache.redis"])


@given(st.integers(8, 30), drivers, providers, backends, st.booleans(), st.sampled_from(["auto", "fernet"]))
def test_a_plan_carried_out_leaves_nothing_to_plan_and_tokens_safe(release, driver, provider, backend, caching, store):
    text = f"[token]\ncaching = {caching}\n"
    text += "".join(f"{name} = {value}\n" for name, value in (("driver", driver), ("provider", provider)) if value)
    text += f"[cache]\nbackend = {backend}\n" if backend else ""
    document, known = Document.parse(text), releases.parse(release)
    for change in wanted.plan(known, Options([(CONF, document)]), CONF, Wish(store), LOCAL, 2):
        if change.after is None:
            document = document.unset(change.section, change.option)
        else:
            document = document.set(change.section, change.option, change.after)
    options = Options([(CONF, document)])
    assert wanted.plan(known, options, CONF, Wish(store), LOCAL, 2) == ()
    found = wanted.current(known, options)
    assert found.survives_a_replica
    assert found.provider in known.token_providers
