"""The fence decided: which rights, in which order, and when it is refused. No server is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import releases
from osregions.errors import BackupError, Refused
from osregions.replication import fence_note
from osregions.replication.fence import Change, View, plan, plan_back, towards, wanted
from osregions.replication.grants import Holder, Right

ZED = {
    "user": ["id", "last_active_at"],
    "local_user": ["id", "failed_auth_count", "failed_auth_at"],
    "revocation_event": ["id"],
}
SELECT = Right("SELECT", "keystone")
REVOKING = {Right("INSERT", "keystone", "revocation_event"), Right("DELETE", "keystone", "revocation_event")}
WISH = frozenset(
    {
        SELECT,
        Right("UPDATE", "keystone", "user", "last_active_at"),
        Right("UPDATE", "keystone", "local_user", "failed_auth_count"),
        Right("UPDATE", "keystone", "local_user", "failed_auth_at"),
        *REVOKING,
    }
)
EVERY = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "EVENT"})
ALL_ON = frozenset(Right(name, "keystone") for name in EVERY)


def view(*forms: Holder, others: tuple[Holder, ...] = ()) -> View:
    return View("keystone", "k", forms, others)


@pytest.mark.parametrize(
    ("columns", "release", "expected"),
    [
        (ZED, "22", WISH),
        (ZED, "30", WISH),
        # Liberty writes nothing while it authenticates
        ({"user": ["id"], "revocation_event": ["id"]}, "8", {SELECT, *REVOKING}),
        ({"user": ["id"]}, "8", {SELECT}),
        # a schema behind its release: only what is there
        ({**ZED, "local_user": ["id"]}, "10", WISH - {right for right in WISH if right.table == "local_user"}),
        # a schema ahead of its release
        (ZED, "9", {SELECT, *REVOKING}),
    ],
)
def test_only_columns_that_are_there_and_are_written_are_wished(columns, release, expected):
    assert wanted(columns, releases.parse(release), "keystone") == expected


def test_all_becomes_the_fence_in_an_order_that_keeps_reading_and_bookkeeping():
    changes = plan(view(Holder("k", "%", ALL_ON)), WISH).changes
    assert [change.shown for change in changes] == [
        "GRANT UPDATE (`failed_auth_at`, `failed_auth_count`) ON `keystone`.`local_user` TO k@%",
        "GRANT DELETE, INSERT ON `keystone`.`revocation_event` TO k@%",
        "GRANT UPDATE (`last_active_at`) ON `keystone`.`user` TO k@%",
        "REVOKE CREATE, DELETE, EVENT, INSERT, UPDATE ON `keystone`.* FROM k@%",
    ]
    assert changes[0].sql() == (
        "GRANT UPDATE (`failed_auth_at`, `failed_auth_count`) ON `keystone`.`local_user` TO %s@%s",
        ("k", "%"),
    )


def test_a_fence_that_is_up_stays_as_it_is():
    assert plan(view(Holder("k", "%", WISH | {Right("PROCESS"), Right("INSERT", "nova")})), WISH).changes == ()


def test_the_grant_option_comes_and_goes():
    there = Right("GRANT OPTION", "keystone")
    (change,) = towards(Holder("k", "%", frozenset({SELECT, there})), frozenset({SELECT}), "keystone")
    assert change.sql() == ("REVOKE GRANT OPTION ON `keystone`.* FROM %s@%s", ("k", "%"))
    (change,) = towards(Holder("k", "%", frozenset({SELECT})), frozenset({SELECT, there}), "keystone")
    assert change.sql() == ("GRANT USAGE ON `keystone`.* TO %s@%s WITH GRANT OPTION", ("k", "%"))


def test_a_name_with_underscores_is_fenced_as_it_was_granted():
    for written in ("key_stone", "key\\_stone"):
        holder = Holder("k", "%", frozenset({Right("SELECT", written), Right("INSERT", written)}))
        (change,) = plan(View("key_stone", "k", (holder,), ()), frozenset({Right("SELECT", "key_stone")})).changes
        assert change.shown == f"REVOKE INSERT ON `{written}`.* FROM k@%"
    holder = Holder("k", "%", frozenset())
    (change,) = plan(View("key_stone", "k", (holder,), ()), frozenset({Right("SELECT", "key_stone")})).changes
    assert change.shown == "GRANT SELECT ON `key\\_stone`.* TO k@%"


def test_a_form_of_the_account_without_rights_there_is_left_alone():
    changes = plan(view(Holder("k", "%", ALL_ON), Holder("k", "localhost", frozenset())), WISH).changes
    assert {change.form for change in changes} == {("k", "%")}


def test_update_on_a_table_goes_before_update_on_its_columns_comes():
    have = frozenset(
        {SELECT, Right("UPDATE", "keystone", "user"), Right("UPDATE", "keystone", "user", "last_active_at")}
    )
    target = frozenset({SELECT, Right("UPDATE", "keystone", "user", "last_active_at")})
    assert [change.shown for change in towards(Holder("k", "%", have), target, "keystone")] == [
        "REVOKE UPDATE ON `keystone`.`user` FROM k@%",
        "GRANT UPDATE (`last_active_at`) ON `keystone`.`user` TO k@%",
    ]


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        ({Right("ALL PRIVILEGES")}, "ALL PRIVILEGES on *.*"),
        ({Right("INSERT")}, "INSERT on *.*"),
        ({Right("UPDATE", "key%")}, "UPDATE on key%.*"),
        ({Right("GRANT OPTION")}, "GRANT OPTION on *.*"),
    ],
)
def test_rights_that_reach_further_are_refused(rights, words):
    with pytest.raises(Refused) as refused:
        plan(view(Holder("k", "%", frozenset(rights) | ALL_ON)), WISH)
    assert words in str(refused.value)


def test_roles_of_the_account_are_refused_and_no_account_is_said():
    with pytest.raises(Refused, match="not understood here: GRANT `r` TO"):
        plan(view(Holder("k", "%", ALL_ON, ("GRANT `r` TO `k`@`%`",))), WISH)
    with pytest.raises(Refused, match="no account k"):
        plan(view(), WISH)


@pytest.mark.parametrize(("user", "role"), [("PUBLIC", True), ("", False)])
def test_what_everybody_can_write_keystone_can_too(user, role):
    others = (Holder(user, "", frozenset({Right("INSERT", "keystone")}), role=role),)
    with pytest.raises(Refused, match="revoke that first"):
        plan(view(Holder("k", "%", WISH), others=others), WISH)
    assert plan(view(Holder("k", "%", WISH), others=(Holder(user, "", frozenset({SELECT}), role=role),)), WISH)


def test_others_that_can_write_are_told_and_administrators_are_not():
    others = (
        Holder("root", "localhost", frozenset({Right("ALL PRIVILEGES"), Right("GRANT OPTION")})),
        Holder("nova", "%", frozenset({Right("INSERT", "nova")})),
        Holder("reader", "%", frozenset({SELECT})),
        Holder("dev", "%", frozenset({Right("DELETE", "key%"), Right("UPDATE", "keystone", "user", "extra")})),
        Holder("r", "", frozenset({Right("DROP", "keystone")}), role=True),
        Holder("wide", "%", frozenset({Right("INSERT")})),
    )
    assert plan(view(Holder("k", "%", WISH), others=others), WISH).findings == (
        "dev@% can write keystone here: DELETE on key%.*, UPDATE (extra) on keystone.user",
        "the role r can write keystone here: DROP on keystone.*",
        "wide@% can write keystone here: INSERT on *.*",
    )


def test_back_to_what_was_noted_or_to_all():
    fenced = Holder("k", "%", WISH)
    noted = plan_back(view(fenced), {("k", "%"): ALL_ON}, EVERY).changes
    unknown = plan_back(view(fenced, Holder("k", "localhost", frozenset())), {}, EVERY).changes
    assert noted == unknown
    assert noted[0].shown == "GRANT CREATE, DELETE, EVENT, INSERT, UPDATE ON `keystone`.* TO k@%"
    assert _after(fenced.rights, noted) == ALL_ON


RIGHTS = st.sets(
    st.builds(
        lambda name, table, column: Right(name, "keystone", table, column if table and name != "DELETE" else ""),
        st.sampled_from(["SELECT", "INSERT", "UPDATE", "DELETE"]),
        st.sampled_from(["", "user", "local_user", "revocation_event", "project"]),
        st.sampled_from(["", "last_active_at", "extra"]),
    )
)


@given(RIGHTS, RIGHTS)
def test_from_any_rights_to_any_others_without_losing_select(have, target):
    have, target = frozenset(have), frozenset(target)
    changes = towards(Holder("k", "%", have), target, "keystone")
    reads = {right for right in have if right.privilege == "SELECT"}
    now = have
    for change in changes:
        now = _after(now, [change])
        assert reads <= now
    assert now == target | reads
    assert towards(Holder("k", "%", now), target, "keystone") == []


def _after(rights, changes: list[Change] | tuple[Change, ...]):
    """What a server does; see the last line of REVOKE in its manual."""
    now = set(rights)
    for change in changes:
        if change.grants:
            now |= set(change.rights)
            continue
        for right in change.rights:
            assert right in now
            now.discard(right)
            if right.table and not right.column:
                now -= {other for other in now if (other.table, other.privilege) == (right.table, right.privilege)}
    return now


def test_the_note_is_kept_private_and_read_back(tmp_path):
    assert fence_note.read("/run/x.sock", "keystone", "k", tmp_path) is None
    note = fence_note.Note({("k", "%"): ALL_ON, ("k", "localhost"): frozenset()}, True)
    fence_note.write("/run/x.sock", "keystone", "k", note, tmp_path)
    (path,) = (tmp_path / "fences").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert fence_note.read("/run/x.sock", "keystone", "k", tmp_path) == note
    path.write_text("{")
    with pytest.raises(BackupError, match="damaged"):
        fence_note.read("/run/x.sock", "keystone", "k", tmp_path)
    fence_note.forget("/run/x.sock", "keystone", "k", tmp_path)
    assert fence_note.read("/run/x.sock", "keystone", "k", tmp_path) is None
