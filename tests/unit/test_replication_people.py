"""What a region's database holds that home's lacks: tenants are lost, a deployment's own accounts give way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import Refused
from osregions.replication.people import Assignment, Comparison, Held, Item, Named, compare, refuse


def of(*rows: Named) -> dict:
    return {row.id: row for row in rows}


def deployment(mark: str) -> Held:
    """What every deployment has under ids of its own."""
    return Held(
        domains=of(Named("default", "Default")),
        projects=of(Named(f"{mark}ap", "admin", "default"), Named(f"{mark}sp", "service", "default")),
        users=of(
            Named(f"{mark}au", "admin", "default"),
            Named(f"{mark}nu", "nova", "default"),
            Named(f"{mark}xu", "our-own-agent", "default"),
        ),
        roles=of(Named(f"{mark}ar", "admin", "<<null>>"), Named(f"{mark}mr", "member", "<<null>>")),
        assignments=frozenset(
            {
                Assignment("UserProject", f"{mark}au", f"{mark}ap", f"{mark}ar"),
                Assignment("UserProject", f"{mark}nu", f"{mark}sp", f"{mark}ar"),
                Assignment("UserProject", f"{mark}xu", f"{mark}sp", f"{mark}mr"),
                Assignment("UserSystem", f"{mark}au", "system", f"{mark}ar"),
            }
        ),
    )


HOME, REGION = deployment("h"), deployment("r")


def kinds(items) -> list:
    return sorted((item.kind, item.name) for item in items)


def test_two_fresh_deployments():
    found = compare(REGION, HOME)
    assert not found.lost
    assert kinds(found.accounts) == [
        ("project", "admin"),
        ("project", "service"),
        ("role", "admin"),
        ("role", "member"),
        ("user", "admin"),
        ("user", "nova"),
        ("user", "our-own-agent"),
    ]
    assert all(item.home_id for item in found.accounts)
    assert [item.name for item in found.namesakes] == ["admin", "service"]
    refuse(found, "here")


def test_a_replica_of_home_and_an_empty_database_lose_nothing():
    assert compare(HOME, HOME) == Comparison()
    assert compare(Held(), HOME) == Comparison()


def with_more(**more) -> Held:
    fields = {}
    for name, value in more.items():
        present = getattr(REGION, name)
        fields[name] = present | value if isinstance(present, frozenset) else {**present, **of(*value)}
    return replace(REGION, **fields)


@pytest.mark.parametrize(
    ("region", "lost"),
    [
        (with_more(projects=[Named("p", "customer", "default")]), [("project", "customer")]),
        (with_more(users=[Named("u", "someone", "default")]), [("user", "someone")]),
        # A service that home does not run: home lacks its account.
        (with_more(users=[Named("u", "manila", "default")]), [("user", "manila")]),
        (with_more(roles=[Named("r", "auditor", "<<null>>")]), [("role", "auditor")]),
        (with_more(groups=[Named("g", "staff", "default")]), [("group", "staff")]),
        (with_more(domains=[Named("d", "Corp")]), [("domain", "Corp")]),
        # An account's further rights, on what home has not got.
        (
            with_more(
                projects=[Named("p", "customer", "default")],
                assignments={Assignment("UserProject", "rau", "p", "rar")},
            ),
            [("assignment", "admin of admin on customer"), ("project", "customer")],
        ),
        (
            with_more(
                users=[Named("u", "someone", "default")],
                groups=[Named("g", "staff", "default")],
                memberships={("u", "g")},
                assignments={Assignment("GroupDomain", "g", "default", "rmr", True)},
            ),
            [
                ("assignment", "member of staff on Default"),
                ("group", "staff"),
                ("membership", "someone in staff"),
                ("user", "someone"),
            ],
        ),
        (
            replace(REGION, belongings={("credential", "c" * 64): "rau", ("trust", "t" * 32): "hau"}),
            [("trust", "tttttttt... of admin")],
        ),
    ],
)
def test_what_is_lost(region, lost):
    found = compare(region, HOME)
    assert kinds(found.lost) == lost
    with pytest.raises(Refused):
        refuse(found, "here")
    refuse(found, "here", discard=True)


def test_a_tenant_of_the_same_name_is_another_tenant():
    home = replace(
        HOME,
        projects={**HOME.projects, **of(Named("hp", "Customer", "default"))},
        users={**HOME.users, **of(Named("hs", "someone", "default"))},
    )
    region = with_more(
        projects=[Named("rp", "customer", "default")],
        users=[Named("rs", "someone", "default")],
        assignments={Assignment("UserProject", "rs", "rp", "rmr")},
    )
    found = compare(region, home)
    assert [(item.kind, item.home_id) for item in found.lost] == [
        ("assignment", None),
        ("project", "hp"),
        ("user", "hs"),
    ]
    assert Item("project", "customer", "rp", "Default", "hp") in found.namesakes
    with pytest.raises(Refused, match=r"1 project \(customer \(another of that name is at home\)\)"):
        refuse(found, "here")


def test_a_namesake_in_another_domain_is_none():
    home = replace(HOME, domains=of(Named("default", "Default"), Named("d", "Corp")))
    region = replace(
        with_more(users=[Named("u", "nova", "d")]), domains=of(Named("default", "Default"), Named("d", "Corp"))
    )
    assert [str(item) for item in compare(region, home).lost] == ["Corp/nova"]


def test_the_right_of_somebody_whom_home_knows_is_lost_if_home_lacks_it():
    home = replace(HOME, users={**HOME.users, **of(Named("u", "someone", "default"))})
    region = with_more(
        users=[Named("u", "someone", "default")], assignments={Assignment("UserProject", "u", "rsp", "rmr")}
    )
    assert kinds(compare(region, home).lost) == [("assignment", "member of someone on service")]
    home = replace(home, assignments=home.assignments | {Assignment("UserProject", "u", "hsp", "hmr")})
    assert not compare(region, home).lost


def test_many_are_counted_and_the_first_are_named():
    region = with_more(projects=[Named(f"p{n}", f"customer{n:02}", "default") for n in range(30)])
    with pytest.raises(Refused) as err:
        refuse(compare(region, HOME), "keystone at here")
    assert "30 projects (customer00, " in str(err.value) and "customer09, ...)" in str(err.value)
    assert "customer10" not in str(err.value) and "keystone at here" in str(err.value)
    assert "accounts would give way: 2 projects (admin" in str(err.value)


names = st.sampled_from(["admin", "nova", "service", "a", "B", "b"])
rows = st.dictionaries(st.sampled_from("12345"), names).map(
    lambda found: {ident: Named(ident, name, "default") for ident, name in found.items()}
)
held = st.builds(
    Held,
    domains=st.just(of(Named("default", "Default"))),
    projects=rows,
    users=rows,
    groups=rows,
    roles=rows,
    assignments=st.frozensets(
        st.builds(
            Assignment,
            st.sampled_from(["UserProject", "GroupProject", "UserDomain", "UserSystem"]),
            st.sampled_from("123456"),
            st.sampled_from("123456"),
            st.sampled_from("123456"),
            st.booleans(),
        )
    ),
)


@given(held, held)
def test_whatever_home_lacks_by_id_is_listed_once(region, home):
    found = compare(region, home)
    listed = [(item.kind, item.id) for item in (*found.lost, *found.accounts) if item.kind != "assignment"]
    assert len(listed) == len(set(listed))
    if not region.empty:
        for kind, mine, theirs in (
            ("project", region.projects, home.projects),
            ("user", region.users, home.users),
            ("group", region.groups, home.groups),
            ("role", region.roles, home.roles),
        ):
            assert {ident for kind_, ident in listed if kind_ == kind} == set(mine) - set(theirs)
    assert all(item.home_id for item in found.accounts if item.kind != "assignment")
    assert compare(region, region) == Comparison()
