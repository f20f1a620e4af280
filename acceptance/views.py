"""What somebody sees of the records that make an identity: by list, by name, and of another clinic."""

from collections.abc import Sequence

import httpx
from supabase import Client

from acceptance.asked import rows_of
from acceptance.clinics import Clinic
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.identity import Session
from acceptance.people import Refused, refused
from acceptance.scene import Scene
from acceptance.wording import INSUFFICIENT_PRIVILEGE

# Each kind of record: its table and the column that names a row.
RECORDS = {
    "the clinic's entry": ("organizations", "id"),
    "the people": ("profiles", "id"),
    "the settings": ("clinic_settings", "org_id"),
}
NO_PERMISSION = Refused(401, INSUFFICIENT_PRIVILEGE)  # PostgREST for a visitor without a token (contract-facts D1)


def must_see_only(scene: Scene, who: str, session: Session, records: str, clinic: Clinic) -> None:
    """All rows of the clinic and no other, as a list; each of them by its key; none of any other clinic's."""
    client = scene.run.accounts.as_user(session)
    for key in must_list_only(scene, who, session, records, clinic):
        if _listed(client, records, who, key) != [key]:
            raise PromiseBroken(f"{who} should find {key} of {clinic.name} among {records}, but does not.")
    must_not_see(scene, who, session, records, _others(scene, clinic))


def must_list_only(scene: Scene, who: str, session: Session, records: str, clinic: Clinic) -> list[str]:
    """The list holds all rows of the clinic and no other; returns their keys."""
    own = keys_of(scene, records, [clinic])
    if not own:
        raise Inconclusive(f"{clinic.name} has nothing among {records}, so nothing can be seen.")
    listed = _listed(scene.run.accounts.as_user(session), records, who)
    if sorted(listed) != sorted(own):
        _explain(who, records, clinic, listed, own)
    return own


def must_not_see(scene: Scene, who: str, session: Session, records: str, clinics: Sequence[Clinic]) -> None:
    """Asked for by their keys: zero rows of these clinics, and no error."""
    client = scene.run.accounts.as_user(session)
    theirs = keys_of(scene, records, clinics)
    if not theirs:
        raise Inconclusive(f"No other clinic has anything among {records}, so there is nothing to hide.")
    found = set(_listed(client, records, who, *theirs))
    if found:
        raise PromiseBroken(
            f"{who} should see nothing of {_names(clinics)} among {records}, but sees {', '.join(sorted(found))}."
        )


def must_see_nothing(scene: Scene, who: str, session: Session, records: str) -> None:
    """Zero rows of anybody, without an error."""
    seen = _listed(scene.run.accounts.as_user(session), records, who)
    if seen:
        raise PromiseBroken(
            f"{who} belongs to no clinic, so should see nothing among {records}, but sees {len(seen)} rows, first {seen[0]}."
        )
    must_not_see(scene, who, session, records, list(scene.clinics.founded.values()))


def visitor_must_be_refused(scene: Scene, records: str) -> None:
    """With the public key and no token, as a list and by key: no permission, named exactly."""
    table, column = RECORDS[records]
    keys = keys_of(scene, records, list(scene.clinics.founded.values()))
    for path in (f"/rest/v1/{table}", f"/rest/v1/{table}?{column}=in.({','.join(keys)})"):
        seen = refused(_as_visitor(scene, path))
        if seen != NO_PERMISSION:
            raise PromiseBroken(f"A visitor should be {NO_PERMISSION} among {records}, but was {seen}.")


def only_the_owner_renames(scene: Scene, clinic: Clinic, name: str, session: Session) -> None:
    """The owner gives the clinic the name it has; the other's attempt meets no row and changes nothing."""
    stored = scene.run.observer.census([clinic.org_id])["organizations", clinic.org_id]
    if _renamed(scene, clinic, clinic.owner, "The owner", str(stored["name"])) != 1:
        raise PromiseBroken(f"The owner should be able to rename {clinic.name}, but cannot.")
    changed = _renamed(scene, clinic, session, name, f"{stored['name']} renamed")
    if changed or scene.run.observer.census([clinic.org_id])["organizations", clinic.org_id] != stored:
        raise PromiseBroken(f"{name} should not be able to rename {clinic.name}, but did.")


def keys_of(scene: Scene, records: str, clinics: Sequence[Clinic]) -> list[str]:
    """The keys of the clinics' rows, as the observer sees them."""
    table, _column = RECORDS[records]
    census = scene.run.observer.census([clinic.org_id for clinic in clinics])
    return [key for kind, key in census if kind == table]


def _listed(client: Client, records: str, who: str, *keys: str) -> list[str]:
    table, column = RECORDS[records]
    query = client.table(table).select("*")
    rows = rows_of(query.in_(column, keys) if keys else query, f"{who} should be able to ask for {records}")
    return [str(row.get(column)) for row in rows]


def _renamed(scene: Scene, clinic: Clinic, session: Session, who: str, name: str) -> int:
    organisations = scene.run.accounts.as_user(session).table("organizations")
    query = organisations.update({"name": name}).eq("id", clinic.org_id)
    return len(rows_of(query, f"{who} should be able to ask for another name of {clinic.name}"))


def _as_visitor(scene: Scene, path: str) -> httpx.Response:
    return scene.run.accounts.http.get(path, headers={"apikey": scene.run.target.publishable_key})


def _explain(who: str, records: str, clinic: Clinic, listed: Sequence[str], own: Sequence[str]) -> None:
    hidden, foreign = sorted(set(own) - set(listed)), sorted(set(listed) - set(own))
    if hidden:
        raise PromiseBroken(
            f"{who} should see {records} of {clinic.name}, but misses {len(hidden)}, first {hidden[0]}."
        )
    more = f"{len(foreign)} more, first {foreign[0]}" if foreign else "the same row twice"
    raise PromiseBroken(f"{who} should see {records} of {clinic.name} alone, but sees {more}.")


def _others(scene: Scene, clinic: Clinic) -> list[Clinic]:
    return [other for other in scene.clinics.founded.values() if other is not clinic]


def _names(clinics: Sequence[Clinic]) -> str:
    return " and ".join(clinic.name for clinic in clinics)
