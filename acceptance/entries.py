"""What somebody meets who comes without authorisation, at each way into the system.

A hosted project's gateway refuses a missing or wrong key by name; the gateway of the local CLI looks at no key and
leaves it to the service behind it, which then refuses the missing token by name (contract-facts B2). Both are
accepted where both are documented, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from acceptance.clinics import Clinic
from acceptance.errors import PromiseBroken
from acceptance.http import open_client
from acceptance.people import Refused, refused
from acceptance.scene import Run, Scene
from acceptance.wording import INSUFFICIENT_PRIVILEGE

NO_KEY = Refused(401, "No API key found in request")
WRONG_KEY = Refused(401, "Invalid API key")
NO_PERMISSION = Refused(401, INSUFFICIENT_PRIVILEGE)
NO_TOKEN_AT_AUTH = Refused(401, "no_authorization")
NOBODY_IN_THE_TOKEN = Refused(403, "bad_jwt")
NO_TOKEN_AT_THE_BACKEND = Refused(401, "UNAUTHORIZED")


@dataclass(frozen=True)
class Entry:
    """A place that lets in whoever is authorised."""

    path: Callable[[Clinic], str]
    at_the_backend: bool = False

    def knock(self, run: Run, clinic: Clinic, headers: dict[str, str]) -> httpx.Response:
        base = run.target.api_url if self.at_the_backend else run.target.supabase_url
        with open_client(
            base, patience=run.target.patience, connections=1
        ) as client:  # no header of another request comes along
            return client.get(self.path(clinic), headers=headers)


ENTRIES = {
    "the records": Entry(lambda clinic: f"/rest/v1/organizations?id=eq.{clinic.org_id}"),
    "the account": Entry(lambda _clinic: "/auth/v1/user"),
    "the settings": Entry(lambda clinic: f"/api/clinics/{clinic.org_id}/settings", at_the_backend=True),
}

# What may come back, by the entry and by what the stranger brings.
ACCEPTED: dict[tuple[str, str], set[Refused]] = {
    ("the records", "no key and no token"): {NO_KEY, NO_PERMISSION},
    ("the records", "a wrong key"): {WRONG_KEY, NO_PERMISSION},
    ("the records", "the public key alone"): {NO_PERMISSION},
    ("the account", "no key and no token"): {NO_KEY, NO_TOKEN_AT_AUTH},
    ("the account", "a wrong key"): {WRONG_KEY, NO_TOKEN_AT_AUTH},
    ("the account", "the public key alone"): {NOBODY_IN_THE_TOKEN, NO_TOKEN_AT_AUTH},
    ("the settings", "no key and no token"): {NO_TOKEN_AT_THE_BACKEND},
    ("the settings", "a wrong key"): {NO_TOKEN_AT_THE_BACKEND},
    ("the settings", "the public key alone"): {NO_TOKEN_AT_THE_BACKEND},
}
BROUGHT = tuple(dict.fromkeys(brought for _entry, brought in ACCEPTED))


def must_let_in(scene: Scene, entry: str, clinic: Clinic) -> None:
    """The owner, with key and token, is given what belongs to the clinic."""
    headers = {
        "apikey": scene.run.target.publishable_key,
        "Authorization": f"Bearer {clinic.owner.access_token}",
    }
    answer = ENTRIES[entry].knock(scene.run, clinic, headers)
    if answer.status_code != 200 or not any(text in answer.text for text in (clinic.org_id, clinic.owner.user_id)):
        raise PromiseBroken(f"The owner of {clinic.name} should be let in to {entry}, but was {refused(answer)}.")


def knock(scene: Scene, entry: str, clinic: Clinic, brought: str) -> Refused:
    """What a stranger is told; a success comes back as a status of 200."""
    key = {"a wrong key": "sb_publishable_of_another_project", "the public key alone": scene.run.target.publishable_key}
    headers = {"apikey": key[brought]} if brought in key else {}
    return refused(ENTRIES[entry].knock(scene.run, clinic, headers))


def must_be_turned_away(entry: str, brought: str, seen: Refused) -> None:
    """By one of the documented names for this entry; raises PromiseBroken."""
    accepted = ACCEPTED[entry, brought]
    if seen not in accepted:
        wanted = " or ".join(sorted(str(refusal) for refusal in accepted))
        raise PromiseBroken(f"A stranger with {brought} should be {wanted} at {entry}, but was {seen}.")
