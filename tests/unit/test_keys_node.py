"""One node's key repositories: where they are, what is wrong with them, written, kept, put back, rotated."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from osregions import releases
from osregions.conf.options import Options
from osregions.errors import BackupError, Refused, RegionsError
from osregions.keys import act, backup, fleet, operations, places, view
from osregions.keys.places import CREDENTIALS, RECEIPTS, TOKENS, Place
from tests.support import keys

ROOT = Path(__file__).resolve().parents[2]
HOME = {0: keys.key("s"), 4: keys.key("o"), 5: keys.key("p")}
OWN = {0: keys.key("a"), 1: keys.key("b"), 9: keys.key("c")}


def found(tmp_path, text, release):
    path = tmp_path / "keystone.conf"
    path.write_text(text)
    return places.of(releases.Release(release), Options.read([path]))


@pytest.mark.parametrize(
    ("release", "text", "kinds", "lifetime"),
    [
        (8, "[token]\nprovider = fernet\n", [TOKENS], 3600),
        (8, "", [], None),
        (10, "", [CREDENTIALS], None),
        (10, "[token]\nprovider = fernet\n", [TOKENS, CREDENTIALS], 3600),
        (11, "", [TOKENS, CREDENTIALS], 3600 + 172800),
        (15, "", [TOKENS, CREDENTIALS], 3600 + 172800),
        (22, "[token]\nexpiration = 60\nallow_expired_window = 5\n", [TOKENS, CREDENTIALS], 65),
        (22, "[fernet_receipts]\nkey_repository = /etc/keystone/receipts\n", [TOKENS, RECEIPTS, CREDENTIALS], 176400),
        (22, "[fernet_tokens]\nkey_repository = /etc/keystone/t\n", [TOKENS, RECEIPTS, CREDENTIALS], 176400),
        (14, "[fernet_receipts]\nkey_repository = /etc/keystone/receipts\n", [TOKENS, CREDENTIALS], 176400),
        (22, "[token]\nprovider = jws\n[fernet_receipts]\nkey_repository = /nowhere\n", [CREDENTIALS], None),
    ],
)
def test_which_repositories_there_are(tmp_path, release, text, kinds, lifetime):
    seen = found(tmp_path, text, release)
    assert [place.kind for place in seen.found] == kinds
    assert seen.found == () or seen.found[0].lifetime == lifetime
    assert (seen.jws is not None) == ("jws" in text)


def test_an_option_that_is_no_number(tmp_path):
    with pytest.raises(RegionsError, match=r"max_active_keys = 'many' is no number \(.*keystone\.conf\)"):
        found(tmp_path, "[fernet_tokens]\nmax_active_keys = many\n", 22)


def test_a_kind_that_is_not_there(tmp_path):
    with pytest.raises(RegionsError, match=r"no key repository 'credential' .*fernet_tokens"):
        found(tmp_path, "[token]\nprovider = fernet\n", 8).named("credential")


def test_what_is_seen_and_what_is_wrong(tmp_path):
    folder = keys.fill(tmp_path / "fernet-keys", HOME, age=100)
    place = Place(TOKENS, str(folder))
    me = (os.getuid(), os.getgid())
    assert view.read(place).faults(me) == []
    shown = view.read(place).shown(me)
    assert shown["keys"] == {str(n): view.fingerprint(m)[:16] for n, m in HOME.items()}
    assert (shown["primary"], shown["unfinished"]) == (5, False)
    assert abs(time.time() - shown["rotated"] - 100) < 5
    for name in ("0.tmp", "README", ".x", "01", "+7"):
        (folder / name).write_bytes(keys.key("secret"))
    (folder / "3").write_bytes(b"")
    (folder / "6").write_bytes(b"nonsense")
    (folder / "7").mkdir()
    (folder / "4").chmod(0o644)
    folder.chmod(0o755)
    faults = "\n".join(view.read(place).faults((4242, 4242)))
    for part in ("01: keystone reads", "+7: keystone reads", "3: keystone reads", "6 is no fernet key", "mode 0755"):
        assert part in faults
    assert "4 has mode 0644" in faults and "belongs to 0:0, not to 4242:4242" in faults and "0.tmp" not in faults
    assert "is not there" in view.read(Place(TOKENS, str(tmp_path / "none"))).faults()[0]


def test_a_broken_off_rotation_is_a_fault(tmp_path):
    for materials in ({0: keys.key(1), 3: keys.key(1)}, {2: keys.key(1), 3: keys.key(2)}):
        folder = keys.fill(tmp_path / "fernet-keys", materials)
        assert "a rotation broke off" in view.read(Place(TOKENS, str(folder))).faults()[0]


def sealed(home, receiver):
    said = receiver.request()
    return home.sealed_for({receiver.minion: keys.carried(said)})


@pytest.fixture
def pair(tmp_path):
    """Home's node and a joining region's, with keys each."""
    for name, materials in (("one", HOME), ("two", OWN)):
        for kind in ("fernet-keys", "credential-keys"):
            keys.fill(tmp_path / name / kind, materials)
    return keys.node(tmp_path / "one", "one-a", "RegionOne"), keys.node(tmp_path / "two")


def test_installed_kept_and_given_back(pair, tmp_path):
    home, two = pair
    done = two.install(keys.carried(sealed(home, two))).as_dict()
    folder = tmp_path / "two/fernet-keys"
    assert keys.content(folder) == keys.content(tmp_path / "two/credential-keys") == HOME
    assert done["changes"]["fernet_tokens"]["9"] == {"old": view.fingerprint(OWN[9])[:16], "new": None}
    assert done["changes"]["fernet_tokens"]["5"] == {"old": None, "new": view.fingerprint(HOME[5])[:16]}
    again = two.install(sealed(home, two)).as_dict()
    assert again["changes"] == {} and again["backups"] == []
    for path in (tmp_path / "two/backups").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert two.restore("fernet_tokens", dry=True).changes and keys.content(folder) == HOME
    two.restore("fernet_tokens")
    assert keys.content(folder) == OWN
    two.restore("fernet_tokens")
    assert keys.content(folder) == HOME
    planned = two.undo(dry=True).changes
    assert two.undo().changes == planned and set(planned) == {"fernet_tokens", "credential"}
    assert keys.content(folder) == keys.content(tmp_path / "two/credential-keys") == OWN
    assert two.undo().changes == {}


def test_its_own_keys_outlive_many_rotations(pair, tmp_path):
    home, two = pair
    two = keys.node(tmp_path / "two", keep=2)
    for _ in range(5):
        two.install(sealed(home, two))
        home.rotate(force=True)
    assert len(backup.listed(two.backups, str(tmp_path / "two/fernet-keys"))) == 3
    two.undo()
    assert keys.content(tmp_path / "two/fernet-keys") == OWN


def test_an_older_set_is_refused_unless_asked_for(pair, tmp_path):
    home, two = pair
    two.install(sealed(home, two))
    keys.fill(tmp_path / "one/fernet-keys", {0: HOME[0], 3: keys.key("older")})
    with pytest.raises(
        Refused, match=r"up to number 3, and this node had number 5 .*orch.keys pillar=.*\"older\": true"
    ):
        two.install(sealed(home, two))
    assert keys.content(tmp_path / "two/fernet-keys") == HOME
    two.install(sealed(home, two), older=True)
    assert max(keys.content(tmp_path / "two/fernet-keys")) == 3


def test_what_must_not_spread(pair, tmp_path):
    home, two = pair
    folder = tmp_path / "one/fernet-keys"
    (folder / "5").write_bytes(b"nonsense")
    with pytest.raises(RegionsError, match="key 5 is no fernet key"):
        sealed(home, two)
    keys.fill(folder, {})
    with pytest.raises(RegionsError, match=r"there are no keys .*keystone-manage fernet_setup"):
        sealed(home, two)
    keys.fill(folder, HOME)
    (folder / "05").write_bytes(keys.key())
    with pytest.raises(RegionsError, match="reads the file name '05' as a number"):
        sealed(home, two)


def test_credentials_without_keys_are_left_alone(pair, tmp_path):
    home, two = pair
    keys.fill(tmp_path / "one/credential-keys", {})
    assert set(two.install(sealed(home, two)).changes) == {"fernet_tokens"}
    assert keys.content(tmp_path / "two/credential-keys") == OWN


def test_jws_is_not_handled_and_said_so(tmp_path):
    jws = keys.node(tmp_path, places=places.Places("jws", (), {"jws_public_key_repository": "/nowhere"}))
    assert jws.view()["jws"] == {"jws_public_key_repository": {"path": "/nowhere", "files": 0}}
    for call in (jws.request, jws.sets, jws.rotate):
        with pytest.raises(Refused, match="signed by jws keys, which this does not carry"):
            call()


def test_a_repository_that_the_node_has_not(pair, tmp_path):
    home, two = pair
    less = keys.node(tmp_path / "two", places=places.Places("fernet", two.places.found[:1]))
    with pytest.raises(Refused, match="one-a has key repositories that this keystone has not: credential"):
        less.install(sealed(home, less))


def test_owner_and_modes(pair, tmp_path):
    _, two = pair
    folder = tmp_path / "two/fernet-keys"
    (folder / "9").chmod(0o640)
    folder.chmod(0o750)
    two = keys.node(tmp_path / "two", owner=act.Owner(4242, 4343))
    planned = two.put_right(dry=True).changes
    assert planned[str(folder)] == {"old": "0:0 0750", "new": "4242:4343 0700"}
    assert two.put_right().changes == planned
    assert two.put_right().changes == {}
    status = (folder / "9").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (4242, 4343, 0o600)


def test_installed_files_are_keystones(pair, tmp_path):
    home, two = pair
    two = keys.node(tmp_path / "two", owner=act.Owner(4242, 4343))
    two.install(sealed(home, two))
    for path in (tmp_path / "two/fernet-keys", *(tmp_path / "two/fernet-keys").iterdir()):
        status = path.stat()
        assert (status.st_uid, status.st_gid) == (4242, 4343), path


def test_an_account_that_is_not_there(pair, tmp_path):
    two = keys.node(tmp_path / "two", owner=act.Owner("nobody-here"))
    with pytest.raises(RegionsError, match="no account nobody-here"):
        two.put_right()
    assert any("nobody-here" in fault for fault in two.view()["repositories"]["fernet_tokens"]["faults"])


def test_a_damaged_backup(pair, tmp_path):
    home, two = pair
    (kept, *_) = two.install(sealed(home, two)).backups
    (Path(kept) / "1").write_bytes(keys.key())
    with pytest.raises(BackupError, match="damaged"):
        two.restore(kept)
    with pytest.raises(BackupError, match="is not a backup of keys"):
        two.restore(str(tmp_path / "one/fernet-keys"))


def test_too_early_is_refused(pair, tmp_path):
    home, _ = pair
    folder = keys.fill(tmp_path / "one/fernet-keys", HOME, age=100)
    with pytest.raises(Refused, match=r"the last rotation was 0\.0 h ago, and tokens need 49\.0 h between two"):
        home.rotate()
    keys.fill(folder, HOME, age=-4000)
    with pytest.raises(Refused, match="lies in the future: is the clock right"):
        home.rotate()
    keys.fill(folder, HOME, age=176500)
    with pytest.raises(Refused, match=r"tokens need 55\.6 h"):
        home.rotate(lifetimes={"fernet_tokens": 200000})
    planned = home.rotate(dry=True).changes
    assert keys.content(folder) == HOME
    assert home.rotate().changes == planned
    assert planned["fernet_tokens"]["0"]["new"] == "a new key" and set(planned["fernet_tokens"]) == {"0", "4", "6"}
    with pytest.raises(Refused, match=r"0\.0 h ago"):
        home.rotate()
    home.rotate(force=True)


def test_the_shortest_time_between_two_rotations():
    assert [operations.shortest(most, 176400) for most in (1, 2, 3, 4, 6)] == [None, None, 176400, 88200, 44100]
    assert operations.shortest(5, 100) == 34


def test_two_keys_are_too_few(pair, tmp_path):
    few = keys.node(
        tmp_path / "one", places=places.Places("fernet", (Place(TOKENS, str(tmp_path / "one/fernet-keys"), 2, 3600),))
    )
    with pytest.raises(Refused, match=r"max_active_keys = 2 .*set it to 3"):
        few.rotate()


def test_keys_other_than_expected(pair):
    home, _ = pair
    with pytest.raises(Refused, match="not those that the other nodes were found to hold"):
        home.rotate(expected={"fernet_tokens": "0" * 64})


@pytest.mark.parametrize(
    "materials", [{0: keys.key(1), 1: keys.key(2), 3: keys.key(1)}, {1: keys.key(2), 3: keys.key(1)}]
)
def test_what_broke_off_is_gone_on_with_at_any_time(pair, tmp_path, materials):
    home, _ = pair
    folder = keys.fill(tmp_path / "one/fernet-keys", materials, age=1)
    home.rotate()
    assert {number: keys.content(folder)[number] for number in (1, 3)} == {1: keys.key(2), 3: keys.key(1)}
    assert keys.content(folder)[0] not in materials.values()


def test_a_full_disk_leaves_a_whole_set(pair, tmp_path):
    home, _ = pair
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(place)], check=True)
    try:
        two = keys.node(tmp_path / "two", places=places.Places("fernet", (Place(TOKENS, str(place / "keys")),)))
        keys.fill(place / "keys", {0: OWN[0], 1: OWN[1]})
        keys.fill(tmp_path / "one/credential-keys", {})
        (place / "ballast").write_bytes(b"")
        with open(place / "ballast", "ab") as ballast:
            while os.statvfs(place).f_bavail:
                ballast.write(b"x" * 4096)
                ballast.flush()
        with pytest.raises(BackupError, match=r"No space left on device.*make room") as error:
            two.install(sealed(home, two))
        assert all(material.decode() not in str(error.value) for material in HOME.values())
        assert keys.content(place / "keys") == {0: OWN[0], 1: OWN[1]}
        (place / "ballast").unlink()
        two.install(sealed(home, two))
        assert keys.content(place / "keys") == HOME
    finally:
        subprocess.run(["umount", str(place)], check=True)


_RUN = """
import sys
sys.path[:0] = sys.argv[1].split(":")
from pathlib import Path
from tests.support import keys
home = keys.node(Path(sys.argv[2]) / "one", "one-a", "RegionOne")
two = keys.node(Path(sys.argv[2]) / "two", pause=0.02)
sealed = home.sealed_for({"two-a": two.request()})
print("ready", flush=True)
two.install(sealed) if sys.argv[3] == "install" else home.rotate(force=True)
"""


@pytest.mark.parametrize("what", ["install", "rotate"])
def test_killed_at_any_moment(pair, tmp_path, what):
    """Every file is whole, the primary is one of the two sets', and the next run ends it."""
    home, two = pair
    folder = tmp_path / ("two" if what == "install" else "one") / "fernet-keys"
    script = [sys.executable, "-B", "-c", _RUN, f"{ROOT}:{ROOT / '_utils'}", str(tmp_path), what]
    ends = set()
    for moment in range(14):
        keys.fill(tmp_path / "two/fernet-keys", OWN)
        keys.fill(tmp_path / "one/fernet-keys", HOME)
        process = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(0.005 * moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        at = keys.content(folder)
        assert all(view.valid(material) for material in at.values())
        if what == "install":
            assert at[max(at)] in (OWN[9], HOME[5])
            ends.add("old" if at == OWN else "new" if at == HOME else "between")
            two.install(sealed(home, two))
            assert keys.content(folder) == HOME
        else:
            assert at[max(at)] in (HOME[5], HOME[0])
            assert HOME[5] in at.values()
            ends.add("old" if at == HOME else "new" if HOME[0] != at[0] else "between")
            if view.unfinished(at):
                home.rotate()
                at = keys.content(folder)
            assert at == HOME or (at[6] == HOME[0] and at[0] != HOME[0] and set(at) == {0, 5, 6})
        home.rotate(force=True)  # sweeps
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert len(ends) > 1, ends


@pytest.mark.parametrize("ahead", [120, -120])
def test_a_node_s_keys_are_as_old_as_its_own_clock_says(pair, ahead):
    home, two = (keys.carried(node.view()) for node in pair)
    off = {**two, "clock": two["clock"] + ahead}
    off["repositories"] = {
        kind: {**one, "rotated": one["rotated"] + ahead} for kind, one in two["repositories"].items()
    }

    def age(said):
        seen = [fleet.NodeKeys("one-a", "RegionOne", home), fleet.NodeKeys("two-a", "RegionTwo", said)]
        return fleet.clock(fleet.of(seen, "RegionOne"), None, False).age

    assert abs(age(two) - age(off)) < 0.01
