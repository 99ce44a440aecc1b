"""What an operator does to a catalog, whole: look, decide, back up, change, tell the caches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from osregions import files
from osregions.catalog import act, backup, filled_from, merge, rename, view
from osregions.catalog.cache import Pending, all_keys, cache_from, catalog_keys, check_reachable, invalidate
from osregions.catalog.identity_urls import IdentityUrls
from osregions.catalog.names import check_region_name
from osregions.database import Account, Options, Session, account_from, quoted, session
from osregions.errors import Refused
from osregions.files import STATE
from osregions.lines import listed
from osregions.model import TABLES, Change, Export, UpdateColumn
from osregions.releases import Release, cache_region_key, liberty_cache_key


@dataclass(frozen=True)
class Outcome:
    """What was changed, or would be, as Salt shows it; where the backup lies; and one line about it."""

    changes: dict[str, Any]
    comment: str
    backup: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The form in which Salt carries it."""
        return {"changes": self.changes, "comment": self.comment, "backup": self.backup}


@dataclass(frozen=True)
class Catalog:
    """One keystone's catalog: its database, its caches, and where backups of it go."""

    options: Options = field(repr=False)
    release: Release
    backups: str = files.BACKUPS
    state: str | Path = STATE
    scope: str = "catalog"
    keep: int = backup.KEEP

    @property
    def account(self) -> Account:
        """As whom, and where, keystone enters its database."""
        return account_from(self.options)

    def rename(self, old: str, new: str, dry: bool = False) -> Outcome:
        """Give a region another name wherever it stands (P4)."""
        check_region_name(new)

        def decide(db: Session) -> Sequence[Change]:
            return rename.plan(view.rename_picture(db, old, new, lock=not dry), old, new)

        return self._change(decide, f"rename {old} to {new}", dry, f"{new} is the region's only name")

    def export(self, region: str, renamed_from: str | None = None) -> Export:
        """Read all that a region brings into home's catalog (P5).

        Where only `renamed_from` exists yet, its rows are given as they will be called: a plan shows them so.
        """
        with session(self.account) as db:
            picture = view.region_picture(db, region)
            if picture.region is None and renamed_from:
                picture = view.region_picture(db, renamed_from)
            schema = view.schema_version(db)
        if picture.region is None or picture.region.id not in (region, renamed_from):
            raise Refused(
                f"there is no region {region}",
                picture.place,
                f"name one of those there: {listed(picture.region_ids)}",
            )
        return Export(
            region=replace(picture.region, id=region),
            services=picture.services,
            endpoints=tuple(replace(row, region_id=region) for row in picture.endpoints),
            schema=schema,
            release=self.release.major,
        )

    def bring_in(
        self, export: Export, identity: IdentityUrls | None = None, verbatim: bool = False, dry: bool = False
    ) -> Outcome:
        """Take an exported region into this catalog (P6)."""
        wish = identity or IdentityUrls()
        if wish.follow and not dry and not self.options.get("DEFAULT", "public_endpoint"):
            raise Refused(
                "public_endpoint is not set, so $(public_endpoint)s would come out as None",
                "[DEFAULT] of home's keystone.conf",
                "set it (regions.tokens does), or give explicit identity URLs",
            )
        has_admin = any(row.interface == "admin" for row in export.identity_endpoints())
        needs_admin = has_admin and self.release.serves_v2 and not self.options.get("DEFAULT", "admin_endpoint")
        if wish.follow and not dry and needs_admin:
            raise Refused(
                "admin_endpoint is not set, so $(admin_endpoint)s would come out as None",
                "[DEFAULT] of home's keystone.conf",
                "set it (regions.tokens does), or give explicit identity URLs",
            )
        kept: list[str] = []

        def decide(db: Session) -> Sequence[Change]:
            plan = merge.plan_import(view.import_picture(db, export, lock=not dry), export, wish, verbatim)
            kept[:] = [row.id for row in plan.kept]
            return plan.changes

        outcome = self._change(decide, f"import {export.region.id}", dry, f"all rows of {export.region.id} are there")
        if kept:
            return replace(
                outcome, comment=f"{outcome.comment}; left as they are, home's own: {', '.join(sorted(kept))}"
            )
        return outcome

    def remove(self, region: str, orphans: Sequence[str] = (), dry: bool = False) -> Outcome:
        """Take a region out of this catalog again, with its endpoints and the services named in `orphans`."""

        def decide(db: Session) -> Sequence[Change]:
            picture = view.region_picture(db, region)
            if picture.region is not None and picture.region.id != region:
                raise Refused(
                    f"there is no region {region}, but one called {picture.region.id}",
                    picture.place,
                    "name it as it is written there",
                )
            return merge.plan_removal(picture, orphans, view.service_endpoints(db) if orphans else {})

        return self._change(decide, f"remove {region}", dry, f"there is no region {region}")

    def still_named(self, region: str) -> dict[str, int]:
        """Where a region's name still stands, with the number of rows: empty proves that nothing names it."""
        with session(self.account) as db:
            picture = view.region_picture(db, region)
        found = {item.name: item.old_rows for item in picture.references if item.old_rows}
        if picture.region is not None:
            found["region.id"] = 1
        groups = sum(rename.names_region(row.text, region) for row in picture.filters)
        return {**found, **({"endpoint_group.filters": groups} if groups else {})}

    def back_up(self, reason: str, scope: str | None = None, spare: str | None = None) -> backup.Backup:
        """Make a backup now (P3); `spare` is an older one that must not go for it."""
        return backup.make(self.account, reason, scope or self.scope, self.backups, self.keep, self.release, spare)

    def restore(self, path: str, tables: Sequence[str] | None = None, dry: bool = False) -> Outcome:
        """Put back what a backup holds, after the present state was backed up in turn, and tell every cache."""
        wanted = backup.find(path, self.backups, self.account.database)
        if dry:
            now = backup.check(self.account, wanted, tables)
            planned: dict[str, Any] = {name: {"old": count, "new": wanted.rows[name]} for name, count in now.items()}
            return Outcome(planned, f"would restore {sum(wanted.rows[name] for name in now)} rows of {len(now)} tables")
        check_reachable(cache_from(self.options))
        before = self.back_up(
            f"{backup.BEFORE_RESTORING} {Path(wanted.backup).name}", wanted.scope, spare=wanted.backup
        )
        keys = self._all_keys()
        self._pending.note(keys)
        rows = backup.restore(self.account, wanted, tables)
        told = self._pending.settle(cache_from(self.options), self.release, keys)
        changes = {name: {"old": before.rows.get(name), "new": count} for name, count in rows.items()}
        return Outcome(changes, f"{sum(rows.values())} rows of {len(rows)} tables restored; {told}", before.backup)

    def invalidate(self, what: str = "catalog") -> str:
        """Tell keystone's caches that the `catalog` changed, `revocations`, or `all`; return one line on it."""
        found = {
            "catalog": lambda: catalog_keys(self.release, ()) or self._liberty_keys(),
            "revocations": lambda: [cache_region_key("revoke")] if self.release.caches_by_region_id else [],
            "all": self._all_keys,
        }
        if what not in found:
            raise Refused(f"{what!r} is nothing that keystone caches", "`what`", f"one of {', '.join(found)}")
        return invalidate(cache_from(self.options), found[what]())

    def know_the_database(self, dry: bool = False) -> Outcome:
        """Have caches forget what keystone read before another database took the place of the one it reads now."""
        record = filled_from.Record(self.account.database, self.state)
        with session(self.account) as db:
            present = filled_from.mark(db)
        if record.read() == present and not self._pending.keys():
            return Outcome({}, f"keystone's caches are those of {self.account.place}")
        changes = {"keystone's cache": {"old": "may hold another database's rows", "new": "invalidated"}}
        if dry:
            return Outcome(changes, "caches would be told")
        keys = self._all_keys()
        self._pending.note(keys)
        told = self._pending.settle(cache_from(self.options), self.release, keys)
        record.write(present)
        return Outcome(changes, told)

    @property
    def _pending(self) -> Pending:
        return Pending(self.account.database, self.state)

    def _all_keys(self) -> Sequence[str]:
        return all_keys(self.release) or self._liberty_keys()

    def _liberty_keys(self) -> Sequence[str]:
        """Liberty has no key for all of it: every object there is has one of its own."""
        with session(self.account) as db:
            return [
                liberty_cache_key(table, row["id"])
                for table in ("region", "service", "endpoint")
                for row in db.rows(f"SELECT id FROM {table}")
            ]

    def _updated_keys(self, changes: Sequence[Change]) -> Sequence[str]:
        """Liberty's keys of the rows whose column gets another value: they are found by what they hold until then."""
        if self.release.caches_by_region_id:
            return []
        tables = tuple(TABLES.values())
        updates = [change for change in changes if isinstance(change, UpdateColumn) and change.table in tables]
        with session(self.account) as db:
            return [
                liberty_cache_key(change.table, row["id"])
                for change in updates
                for row in db.rows(
                    f"SELECT id FROM {quoted(change.table)} WHERE {quoted(change.column)} = %s", (change.old,)
                )
            ]

    def _change(self, decide: Callable[[Session], Sequence[Change]], what: str, dry: bool, nothing: str) -> Outcome:
        if dry:
            with session(self.account) as db:
                changes = tuple(decide(db))
            return self._outcome(changes, f"would {what}", nothing, bool(self._pending.keys()))
        unsettled = bool(self._pending.keys())
        made: list[str] = []
        keys: list[str] = []

        def before(changes: Sequence[Change]) -> None:
            check_reachable(cache_from(self.options))
            made[:] = [self.back_up(what).backup]
            if cache_from(self.options).shared:
                keys[:] = [*catalog_keys(self.release, changes), *self._updated_keys(changes)]
                self._pending.note(keys)

        changes = act.apply(self.account, decide, before)
        told = self._pending.settle(cache_from(self.options), self.release, keys)
        outcome = self._outcome(changes, f"{what}: done", nothing, unsettled)
        comment = f"{outcome.comment}; {told}" if told else outcome.comment
        return replace(outcome, comment=comment, backup=made[0] if made else None)

    @staticmethod
    def _outcome(changes: Sequence[Change], what: str, nothing: str, unsettled: bool) -> Outcome:
        shown = act.shown(changes)
        if unsettled:
            shown["keystone's cache"] = {"old": "not told of the last change", "new": "invalidated"}
        return Outcome(shown, f"{what}, {len(changes)} changes" if changes else nothing)
