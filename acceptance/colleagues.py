"""People of a clinic who sign in themselves."""

import secrets

from acceptance.clinics import Clinic, Person
from acceptance.identity import Session
from acceptance.scene import Scene


def join(scene: Scene, clinic: Clinic, role: str) -> Session:
    """Somebody who is invited in a role and signs in; removed with the clinic."""
    registry = scene.run.nursery.registry
    email, password = registry.address(role), secrets.token_urlsafe(12)
    user_id = registry.accounts.invite(email, password, clinic.org_id, role, role)
    clinic.people[email] = Person(user_id, role)
    return registry.accounts.sign_in(email, password)


def demote(scene: Scene, session: Session) -> None:
    """Make an admin a receptionist, whose token still says otherwise."""
    table = scene.run.accounts.service().table("profiles")
    changed = table.update({"role": "staff"}).eq("id", session.user_id).execute().data
    if len(changed) != 1:
        raise LookupError(f"{session.email} has {len(changed)} profiles.")
