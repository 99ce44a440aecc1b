"""Options over several files, written, and taken back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from oslo_config import cfg

from osregions import files
from osregions.conf import act
from osregions.conf.options import MASK, OptionChange, Options
from osregions.errors import RegionsError

TEXT = "# keystone\n[token]\n#driver = sql\nprovider = uuid\n"


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "keystone.conf"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def change(conf, section, option, before, after):
    return OptionChange(str(conf), section, option, before, after)


def test_what_is_set_is_kept_beforehand_and_taken_back_to_the_byte(conf, tmp_path):
    backups = tmp_path / "backups"
    plan = [
        change(conf, "token", "driver", None, "memcache"),
        change(conf, "token", "provider", "uuid", "fernet"),
        change(conf, "cache", "enabled", None, "true"),
        change(conf, "cache", "backend", None, "dogpile.cache.memcached"),
    ]
    (kept,) = act.apply(plan, "keystone", backups)
    assert conf.read_text() == (
        "# keystone\n[token]\n#driver = sql\ndriver = memcache\nprovider = fernet\n"
        "\n[cache]\nenabled = true\nbackend = dogpile.cache.memcached\n"
    )
    assert Path(kept).read_text() == TEXT
    assert conf.stat().st_mode & 0o777 == 0o640
    assert (backups / "ledgers" / "keystone.json").stat().st_mode & 0o777 == 0o600
    act.undo("keystone", backups)
    assert conf.read_text() == TEXT
    assert act.undo_plan("keystone", backups) == ()


def test_what_stood_there_first_is_what_comes_back(conf, tmp_path):
    act.apply([change(conf, "token", "provider", "uuid", "pki")], "keystone", tmp_path)
    act.apply([change(conf, "token", "provider", "pki", "fernet")], "keystone", tmp_path)
    act.undo("keystone", tmp_path)
    assert conf.read_text() == TEXT


def test_a_value_of_somebody_elses_is_what_comes_back_when_it_was_the_last_before_ours(conf, tmp_path):
    act.apply([change(conf, "token", "provider", "uuid", "fernet")], "keystone", tmp_path)
    conf.write_text(conf.read_text().replace("fernet", "pki"))
    act.apply([change(conf, "token", "provider", "pki", "fernet")], "keystone", tmp_path)
    act.undo("keystone", tmp_path)
    assert Options.read([conf]).get("token", "provider") == "pki"


def test_a_value_that_somebody_set_since_stays(conf, tmp_path):
    act.apply([change(conf, "token", "provider", "uuid", "fernet")], "keystone", tmp_path)
    conf.write_text(conf.read_text().replace("fernet", "jws"))
    assert act.undo_plan("keystone", tmp_path) == ()
    act.undo("keystone", tmp_path)
    assert Options.read([conf]).get("token", "provider") == "jws"


def test_a_run_that_dies_before_it_writes_leaves_nothing_to_undo_and_can_be_repeated(conf, tmp_path):
    """The backups can't be made (a file is in their place): the note is there, the change is not."""
    plan = [change(conf, "token", "provider", "uuid", "fernet")]
    (tmp_path / "files").write_text("")
    with pytest.raises(RegionsError, match="File exists"):
        act.apply(plan, "keystone", tmp_path)
    assert conf.read_text() == TEXT
    assert json.loads((tmp_path / "ledgers" / "keystone.json").read_text())
    assert act.undo_plan("keystone", tmp_path) == ()
    os.unlink(tmp_path / "files")
    act.apply(plan, "keystone", tmp_path)
    act.undo("keystone", tmp_path)
    assert conf.read_text() == TEXT


def test_a_second_change_that_dies_before_it_writes_still_knows_what_was_first(conf, tmp_path, monkeypatch):
    """Killed between the note and the file: the file says what the first change made it say."""
    act.apply([change(conf, "token", "provider", "uuid", "pki")], "keystone", tmp_path)
    monkeypatch.setattr(files, "replace_all", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        act.apply([change(conf, "token", "provider", "pki", "fernet")], "keystone", tmp_path)
    monkeypatch.undo()
    act.apply([change(conf, "token", "provider", "pki", "fernet")], "keystone", tmp_path)
    act.undo("keystone", tmp_path)
    assert conf.read_text() == TEXT


def test_what_changed_since_the_plan_is_refused(conf, tmp_path):
    plan = [change(conf, "token", "provider", "uuid", "fernet")]
    conf.write_text(TEXT.replace("uuid", "pki"))
    with pytest.raises(RegionsError, match="meanwhile"):
        act.apply(plan, "keystone", tmp_path)
    assert "pki" in conf.read_text()


def test_a_damaged_ledger_is_named(tmp_path):
    (tmp_path / "ledgers").mkdir()
    (tmp_path / "ledgers" / "keystone.json").write_text("{")
    with pytest.raises(RegionsError, match="damaged") as damaged:
        act.undo_plan("keystone", tmp_path)
    assert "keystone.json" in str(damaged.value)


def test_nothing_to_do_leaves_no_trace(conf, tmp_path):
    assert act.apply([], "keystone", tmp_path / "backups") == []
    assert not (tmp_path / "backups").exists()
    assert files.backups(conf, tmp_path) == []


# ---- several files ----


def test_the_last_file_wins_as_with_oslo_config(tmp_path):
    first, second = tmp_path / "a.conf", tmp_path / "b.conf"
    first.write_text(
        "[DEFAULT]\nhost = controller\n[database]\nconnection = mysql://k:p$$w\\$x@$host/${cache.name}\nmax = 5\n"
        "[cache]\nname = ks\nbackend_argument = a\nbackend_argument = b\n"
    )
    second.write_text("[Cache]\nname = keystone\nbackend_argument = c\n")
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt("host")])
    conf.register_opts([cfg.StrOpt("connection"), cfg.StrOpt("max")], group="database")
    conf.register_opts([cfg.StrOpt("name"), cfg.MultiStrOpt("backend_argument")], group="cache")
    conf(["--config-file", str(first), "--config-file", str(second)])
    ours = Options.read([first, second])
    assert ours.get("database", "connection") == conf.database.connection == "mysql://k:p$w$x@controller/keystone"
    assert ours.get("cache", "name") == conf.cache.name
    assert list(ours.get_all("cache", "backend_argument")) == conf.cache.backend_argument == ["a", "b", "c"]
    assert ours.get("database", "max") == conf.database.max
    assert ours.where("cache", "name") == str(second)
    assert ours.where("cache", "nothing") is None


def test_a_name_that_only_the_service_knows_stays_as_it_stands(tmp_path):
    path = tmp_path / "a.conf"
    path.write_text("[fernet_tokens]\nkey_repository = $config_dir/keys\n")
    assert Options.read([path]).get("fernet_tokens", "key_repository") == "$config_dir/keys"


@pytest.mark.parametrize("word", ["true", "True", "1", "on", "Yes"])
def test_yes_in_every_spelling(tmp_path, word):
    path = tmp_path / "a.conf"
    path.write_text(f"[cache]\nenabled = {word}\n")
    assert Options.read([path]).flag("cache", "enabled", False) is True


def test_neither_yes_nor_no_is_refused_by_name(tmp_path):
    path = tmp_path / "a.conf"
    path.write_text("[cache]\nenabled = maybe\n")
    with pytest.raises(RegionsError, match=r"\[cache\] enabled = 'maybe'") as refused:
        Options.read([path]).flag("cache", "enabled", False)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("option", "value", "shown"),
    [
        ("connection", "mysql://k:pa55@h/k", MASK),
        ("admin_password", "pa55", MASK),
        ("admin_token", "pa55", MASK),
        ("memcache_servers", "a:11211", "a:11211"),
        ("public_endpoint", "http://u:pa55@h:5000", f"http://u:{MASK}@h:5000"),
        ("driver", None, None),
    ],
)
def test_no_secret_is_shown(option, value, shown):
    assert OptionChange("f", "s", option, value, "x").shown()["old"] == shown
