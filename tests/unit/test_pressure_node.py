"""What keystone keeps in memcached, what this machine has, what is remembered of a size, and what a master tells."""

from __future__ import annotations

import pytest

from osregions.conf.options import Options
from osregions.errors import BackupError, RegionsError
from osregions.pressure import helped, machine, note, telling, use
from osregions.pressure.note import Note
from osregions.pressure.verdict import no_answer
from osregions.releases import Release
from tests.support.pressure import later, reading


def used(tmp_path, text, release=None):
    conf = tmp_path / "keystone.conf"
    conf.write_text(text)

    def asked():
        assert release is not None, "the options tell"
        return Release(release)

    return use.of(Options.read([conf]), asked)


@pytest.mark.parametrize(
    ("text", "release", "tokens", "live"),
    [
        pytest.param("[token]\ndriver = memcache\nprovider = uuid\n", 8, True, 3600, id="Liberty"),
        pytest.param("[token]\ndriver = memcache\nexpiration = 7200\n", 8, True, 7200, id="Liberty, no provider set"),
        pytest.param(
            "[token]\ndriver = keystone.token.persistence.backends.memcache.Token\n",
            8,
            True,
            3600,
            id="as the seed has it",
        ),
        pytest.param("[token]\ndriver = memcache\nprovider = fernet\n", 10, False, 600, id="Newton with fernet"),
        pytest.param("[token]\ndriver = memcache\n", 22, False, 600, id="left over in Zed"),
        pytest.param("[token]\nprovider = fernet\n", None, False, 600, id="nothing is stored"),
        pytest.param("[token]\ndriver = sql\n", None, False, 600, id="stored in the database"),
        pytest.param("[cache]\nexpiration_time = 900\n", None, False, 900, id="cached for longer"),
        pytest.param(
            "[cache]\nenabled = true\nbackend = dogpile.cache.memcached\n[token]\ncache_time = 1800\n",
            None,
            False,
            1800,
            id="tokens cached for longer",
        ),
    ],
)
def test_what_keystone_keeps_there(tmp_path, text, release, tokens, live):
    found = used(tmp_path, text, release)
    assert (found.tokens, found.live, found.known) == (tokens, live, True)
    assert ("everybody is signed out" in found.restart_empties) == tokens


def test_without_a_keystone_that_is_said():
    assert "no keystone here" in use.unknown().restart_empties


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MemTotal: 2048 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n", (2048, 1024)),
        ("MemTotal: 2048 kB\nMemFree: 100 kB\nCached: 300 kB\n", (2048, 400)),  # a kernel of RHEL 6
        ("", (0, 0)),
    ],
)
def test_the_machines_memory(tmp_path, text, expected):
    (tmp_path / "meminfo").write_text(text)
    found = machine.memory(tmp_path)
    assert (found.total >> 10, found.available >> 10) == expected


def test_a_machine_that_does_not_say(tmp_path):
    with pytest.raises(RegionsError, match="memory can't be told"):
        machine.memory(tmp_path)
    assert machine.memory().total > machine.memory().available > 0


def test_a_note_is_kept_by_configuration(tmp_path):
    conf = tmp_path / "memcached.conf"
    conf.write_text("-m 128\n")
    one = Note(str(conf), 64, 128, note.digest("-m 128\n"), True, reading().to_data())
    note.write(one, tmp_path / "b")
    note.write(Note("/other", None, 96, "", False), tmp_path / "b")
    assert note.read(str(conf), tmp_path / "b") == one
    assert one.reading == reading()
    assert note.read("/nowhere", tmp_path / "b") is None
    assert note.only_the_size(str(conf), tmp_path / "b")
    assert not note.only_the_size("/other", tmp_path / "b")
    conf.write_text("-m 128\n-c 9\n")
    assert not note.only_the_size(str(conf), tmp_path / "b")


@pytest.mark.parametrize("text", ["", "[]", '{"/c": {"path": "/c"}}', '{"/c": 7}'])
def test_a_damaged_note_is_said(tmp_path, text):
    (tmp_path / "memcached-size.json").write_text(text)
    with pytest.raises(BackupError, match=r"note on memcached's size is damaged.*regions\.file_backups"):
        note.read("/c", tmp_path)
    assert not note.only_the_size("/c", tmp_path)


BEFORE = later(reading(), 100, evictions=5000, get_misses=8000)
NOW = reading(pid=9, started=5)
FULL = {"get_hits": 900, "get_misses": 10, "total_items": 10, "total_connections": 4}


@pytest.mark.parametrize(
    ("before", "grown", "expected", "words"),
    [
        (BEFORE, FULL, True, "it helped: hit rate 50.0 % before, 98.9 % now; 0.7 evictions a second before, 0.0 now"),
        (BEFORE, {**FULL, "evictions": 90}, False, "it did not help"),
        (BEFORE, {**FULL, "evictions": 50}, True, "0.5 now"),
        (BEFORE, {**FULL, "get_misses": 2000}, False, "hit rate 50.0 % before, 31.0 % now"),
        (BEFORE, {"get_hits": 900}, True, "100.0 % now"),
        (BEFORE, {}, None, "nobody used it for 100 s"),
        (None, FULL, None, "how it did before was not seen"),
    ],
)
def test_whether_it_helped(before, grown, expected, words):
    found = helped.compare(before, NOW, later(NOW, 100, **grown))
    assert found.helped is expected
    assert words in found.sentence
    seed = f"; total_items rose by {found.seed['total_items']}, total_connections by {found.seed['total_connections']}"
    assert found.sentence.endswith(seed)
    assert found.seed == {
        "total_items": grown.get("total_items", 0),
        "total_connections": max(grown.get("total_connections", 0) - 1, 0),
        "rises": "total_items" in grown,
    }


@pytest.mark.parametrize(
    ("uptime", "grown", "expected", "words"),
    [
        (5, {**FULL, "get_misses": 2000}, None, "it fills since its restart, look again later: hit rate 50.0 % before"),
        (5, {**FULL, "get_misses": 2000, "evictions": 90}, False, "it did not help"),  # full again already
        (5, FULL, True, "it helped"),
        (600, {**FULL, "get_misses": 2000}, False, "it did not help"),
    ],
)
def test_one_that_a_restart_emptied_is_given_time_to_fill(uptime, grown, expected, words):
    now = reading(pid=9, started=5, uptime=uptime)
    found = helped.compare(BEFORE, now, later(now, 100, **grown))
    assert found.helped is expected and words in found.sentence


def test_a_restart_while_it_is_looked_at_is_said():
    found = helped.compare(BEFORE, reading(), NOW)
    assert found.helped is None and "restarted" in found.sentence and "total_items" not in found.sentence


def test_what_a_master_tells_of_a_minion():
    held = no_answer("Connection refused").as_dict()
    found = telling.said("one", {"ret": {"held": held, "since": 1.0, "at": 2.0}})
    assert found.line.startswith(
        "memcached of one is unknown: memcached does not answer (Connection refused); systemctl"
    )
    assert found.wrong
    assert found.data == {**held, "since": 1.0, "at": 2.0}
    fine = {**held, "verdict": "fine", "code": "well", "sentence": "all is well", "remedy": ""}
    found = telling.said("one", {"ret": {"held": fine}})
    assert (found.line, found.wrong) == ("memcached of one is fine: all is well", False)
    assert not telling.said("one", {"ret": {"held": None, "since": None, "at": None}}).wrong


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "fine"},  # of another code
        {"code": "nonsense"},
        {"sentence": "a\nb"},
        {"sentence": "x" * 2000},
        {"remedy": 7},
        {"figures": "many"},
        {"more": 1},
    ],
)
def test_an_answer_that_can_not_be_is_not_told(change):
    held = {**no_answer("x").as_dict(), **change}
    with pytest.raises(RegionsError, match=r"no verdict on a memcached \(one\)"):
        telling.said("one", {"ret": {"held": held}})


@pytest.mark.parametrize("answer", [None, "x", {}, {"ret": None}, {"ret": "Traceback"}])
def test_no_answer_is_said(answer):
    with pytest.raises(RegionsError, match="memcached"):
        telling.said("one", answer)
