"""Knocking with genuine, copied and forged tokens at the doors of one clinic, as somebody from the other one would."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from acceptance.doors import Answer, Visit
from acceptance.errors import PromiseBroken
from acceptance.scene import Scene
from acceptance.tokens import Material, Stranger
from acceptance.tokens_claimed import Change, of_the_neighbour
from acceptance.tokens_forged import ORDERS, Forgery
from acceptance.tokens_judged import Knock, knock, material
from acceptance.tokens_key_server import Published, published

COPY_HINT = "; where the project has no shared secret, leave `jwt_secret` out"


@dataclass(frozen=True)
class Forger:
    """Somebody of the other clinic who tries the doors of this one."""

    scene: Scene
    clinic: str
    material: Material

    @classmethod
    def at(cls, scene: Scene, clinic: str, published: Published | None = None) -> "Forger":
        stranger = published.stranger if published else Stranger()
        return cls(scene, clinic, material(scene, scene.clinics.clinic(clinic), stranger))

    def break_in(self, forge: Forgery) -> Knock:
        """Try everything with a forged token."""
        return knock(self._visit(f"Bearer {forge(self.material)}"))

    def look_with_claims(self, change: Change) -> Knock:
        """Only look, with a token that is rightly signed; raises NotOffered without the shared secret."""
        token = self.material.minted(change(self.material))
        return knock(self._visit(f"Bearer {token}"), only_look=True)

    def look_in_order(self, order: str) -> Knock:
        """Only look, with what the words of ORDERS say."""
        return knock(self._visit(*ORDERS[order](self.material)), only_look=True)

    def with_a_copy(self) -> Visit:
        """The clinic's owner, with the same claims signed by the shared secret; raises NotOffered without one."""
        return self._visit(f"Bearer {self.material.minted(self.material.claims)}")

    def as_a_member_of(self, other: str) -> list[Answer]:
        """Read and try to change the settings of the other clinic, with a copy that the issuer made out to it."""
        token = self.material.minted(of_the_neighbour(self.material))
        visit = Visit(self.scene, self.scene.clinics.clinic(other), [f"Bearer {token}"])
        return [visit.settings("GET"), visit.settings("PATCH", {"slot_minutes": 55})]

    def _visit(self, *authorizations: str) -> Visit:
        return Visit(self.scene, self.scene.clinics.clinic(self.clinic), authorizations)


def with_its_own(scene: Scene, clinic: str) -> Visit:
    """The clinic's owner, with the token of the real sign-in."""
    found = scene.clinics.clinic(clinic)
    return Visit(scene, found, [f"Bearer {found.owner.access_token}"])


def publish(scene: Scene, at_the_end: Callable[..., Any]) -> Published:
    """Start a stranger's web server, which ends with the scenario."""
    server = contextlib.ExitStack()
    at_the_end(server.close)
    return server.enter_context(published(scene.run.target))


def nobody_came(seen: Published) -> None:
    """No part of the system asked the stranger for keys: whom a token names is no reason to go there."""
    if seen.visitors:
        raise PromiseBroken(
            f"Nobody should fetch keys from where a token says, but these were fetched: {', '.join(seen.visitors)}."
        )
