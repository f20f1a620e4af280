"""People of a clinic who sign in themselves."""

import secrets

from acceptance.asked import rows_of
from acceptance.clinics import Clinic, Person
from acceptance.errors import Inconclusive
from acceptance.identity import Session
from acceptance.scene import Scene


def join(scene: Scene, clinic: Clinic, role: str) -> Session:
    """Somebody who is invited in a role and signs in; removed with the clinic."""
    registry = scene.run.nursery.registry
    email, password = registry.address(role), secrets.token_urlsafe(12)
    user_id = registry.accounts.invite(email, password, clinic.org_id, role, role)
    clinic.people[email] = Person(user_id, role)
    return registry.accounts.sign_in_as(user_id, email, password, clinic.org_id, f"the {role} of {clinic.name}")


def demote(scene: Scene, session: Session) -> None:
    """Make an admin a receptionist, whose token still says otherwise."""
    table = scene.run.accounts.service().table("profiles")
    changed = rows_of(
        table.update({"role": "staff"}).eq("id", session.user_id), "The service should be able to demote an admin"
    )
    if len(changed) != 1:
        raise Inconclusive(f"{session} should be an admin no more, but has {len(changed)} profiles.")
