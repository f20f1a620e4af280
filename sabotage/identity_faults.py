"""Faults of the identity handshake: who is founded, what a token says, and what it opens."""

from collections.abc import Sequence
from typing import Any

from reference.backend import tokens
from reference.backend.tokens import Caller
from sabotage.fault import NOTHING_LEFT, fault, sql_fault

NAMED = ('It is named "Marina Skin"', 'It is named "Ø', 'It is named "Robert')
AFTER_THE_ADDRESS = ("It is named after the address, for no business", "It is named after the address, for a blank")
TOKENS = (
    "A token from signing up",
    "A token from signing in again",
    "A token from renewing it",
    "A token from renewing twice",
)
JOINING = ("Joining as staff", "Joining as provider", "Joining as admin")
ADDRESS_TAKEN = "An address that is registered already"

sql_fault(
    "identity-org-from-own-details",
    "The token hook takes the organisation from user_metadata, which the user can edit.",
    caught_by=["Signing up and claiming membership", "Writing membership into"],
    origin=6,
)
sql_fault(
    "identity-grant-from-own-details",
    "The token hook takes what stands in user_metadata under app_metadata for a grant.",
    caught_by=["Signing up and claiming a granted", "Writing a granted membership into"],
    origin=6,
)
sql_fault(
    "identity-role-from-own-details",
    "The token hook takes the role at the clinic from user_metadata.",
    caught_by=[
        "Signing up and claiming the role of a provider",
        "Writing the role of an owner into",
        "Signing up and claiming the role of the service",
        "Writing the role of the service into",
    ],
    origin=6,
)
sql_fault(
    "identity-database-role-from-own-details",
    "Whoever writes so into their own details gets a token with the service's role.",
    caught_by=["Signing up and claiming the role of the service", "Writing the role of the service into"],
    origin=6,
)
sql_fault(
    "identity-org-from-sign-up-data",
    "The sign-up trigger believes the organisation that the sign-up's own data names.",
    caught_by=["Signing up and claiming membership"],
    origin=6,
)
sql_fault(
    "identity-role-from-sign-up-data",
    "The sign-up trigger believes the role that the sign-up's own data names.",
    caught_by=["Signing up and claiming the role of a provider", "Signing up and claiming the role of the service"],
    origin=6,
)
sql_fault(
    "identity-profile-follows-own-details",
    "A trigger copies the role from user_metadata into the profile.",
    caught_by=["Writing the role of an owner into"],
    origin=6,
)
sql_fault(
    "identity-profile-can-be-rewritten",
    "A member may change every column of the own profile.",
    caught_by=["Changing the clinic", "Changing the role", "Changing the address"],
    origin=15,
)
sql_fault(
    "identity-profiles-of-colleagues-can-be-rewritten",
    "Members may change every column of every profile of their clinic.",
    caught_by=["Changing the identity", "Changing the role", "Changing the address of one's own profile"],
    origin=15,
)
sql_fault(
    "identity-role-can-be-rewritten",
    "A member may make themselves owner.",
    caught_by=["Changing the role"],
    origin=15,
)
sql_fault(
    "identity-staff-renames-the-clinic",
    "Every member may change the organisation, not only its admins.",
    caught_by=[
        "Writing membership into",
        "Changing the role",
        "Writing a granted membership into",
        "Writing the role of an owner into",
        "Writing the role of the service into",
        "Changing the clinic of one's own profile",
        "Changing the identity of one's own profile",
        "Changing the address of one's own profile",
    ],
    origin=15,
)
sql_fault(
    "identity-trigger-swallows-its-failure",
    "The sign-up trigger swallows its exception, so an account without a profile is left.",
    caught_by=["An invitation naming a clinic", "An invitation naming garbage", "An invitation naming a role"],
    origin=27,
)
sql_fault(
    "identity-orphans",
    "The sign-up trigger fails on a clean install and says nothing.",
    caught_by=[
        *NAMED,
        *AFTER_THE_ADDRESS,
    ],
    also=[NOTHING_LEFT],
    origin=27,
)
sql_fault(
    "identity-invited-founds-too",
    "An organisation is founded for somebody who was invited into another.",
    caught_by=JOINING,
    also=[NOTHING_LEFT],
)
sql_fault(
    "identity-invited-into-a-new-clinic",
    "An invitation is forgotten, and the invited person founds a clinic instead.",
    caught_by=[
        *JOINING,
        ADDRESS_TAKEN,
    ],
)
sql_fault(
    "identity-latest-organisation",
    "The profile is linked to the organisation that was made last, whosever it is.",
    caught_by=["20 sign-ups at the same moment"],
)
sql_fault(
    "identity-founded-at-the-first-token",
    "The organisation is founded when the first token is asked for, after the account was committed.",
    caught_by=[
        *NAMED,
    ],
    origin=27,
)
sql_fault(
    "identity-founder-is-no-owner",
    "Whoever founds a clinic is its admin only.",
    caught_by=[
        *NAMED,
        *AFTER_THE_ADDRESS,
    ],
)
sql_fault(
    "identity-profile-without-address",
    "The profile lacks the address.",
    caught_by=[
        *NAMED,
        *AFTER_THE_ADDRESS,
    ],
)
sql_fault(
    "identity-clinic-misnamed",
    "The business's name is stored in small letters.",
    caught_by=[
        *NAMED,
    ],
)
sql_fault(
    "identity-clinic-without-business-misnamed",
    "A clinic without a business's name is not named after the address.",
    caught_by=AFTER_THE_ADDRESS,
)
sql_fault(
    "identity-blank-business-fails",
    "A business's name made of blanks makes the sign-up fail.",
    caught_by=["It is named after the address, for a blank business"],
)
sql_fault(
    "identity-hook-forgets-the-refresh",
    "A renewed token no longer carries the organisation.",
    caught_by=["A token from renewing it", "A token from renewing twice"],
)
sql_fault("identity-token-for-ten-years", "Tokens hold for ten years.", caught_by=TOKENS)
sql_fault(
    "identity-token-of-no-session",
    "Tokens name a session that does not exist.",
    caught_by=TOKENS,
)
sql_fault(
    "identity-token-without-issuer",
    "Tokens do not say who issued them.",
    caught_by=TOKENS,
)
sql_fault(
    "identity-everybody-sees-every-clinic",
    "A second policy shows every organisation to everybody who is signed in.",
    caught_by=["Looking for the clinic's entry"],
)
sql_fault(
    "identity-everybody-sees-all-people",
    "A second policy shows all profiles to everybody who is signed in.",
    caught_by=[
        "Looking for the people",
        *JOINING,
        ADDRESS_TAKEN,
    ],
)
sql_fault(
    "identity-everybody-sees-all-settings",
    "A second policy shows all settings to everybody who is signed in.",
    caught_by=["Looking for the settings"],
)
sql_fault(
    "identity-visitors-may-ask",
    "Visitors without a token hold a grant on organisations, and only the lack of a policy hides the rows.",
    caught_by=["Looking for the clinic's entry", "Coming to the records with the public key"],
    origin=58,
)
sql_fault(
    "identity-visitors-see-people",
    "Visitors without a token see all profiles.",
    caught_by=["Looking for the people"],
    origin=57,
)
sql_fault(
    "identity-policy-recursion",
    "The policy on profiles reads profiles, so nobody sees anybody.",
    caught_by=[
        "Looking for the people",
        *JOINING,
        ADDRESS_TAKEN,
    ],
    origin=28,
)
sql_fault(
    "identity-only-oneself-is-seen",
    "A member sees the own profile and no colleague.",
    caught_by=["Looking for the people"],
    origin=28,
)
sql_fault(
    "identity-settings-locked-away",
    "Nobody may see the settings, their owner included.",
    caught_by=["Looking for the settings"],
    origin=28,
)
sql_fault(
    "identity-no-clinic-sees-all",
    "A token without an organisation sees every organisation.",
    caught_by=["Looking for the clinic's entry"],
    origin=57,
)
sql_fault(
    "identity-no-clinic-is-an-error",
    "A token without an organisation meets an error instead of zero rows.",
    caught_by=["Looking for the clinic's entry"],
)


@fault(
    "Whoever comes without a token is served as whoever came before.",
    caught_by=["Coming to the settings with no key", "Coming to the settings with the public key"],
    origin=4,
)
def identity_served_as_the_last() -> None:
    real_bearer, real_verify, last = tokens.bearer_token, tokens.verify, {}

    def bearer(headers: Sequence[str]) -> str:
        return real_bearer(headers) if headers else "nobody"

    async def verify(token: str, *rest: Any) -> Caller:
        if token != "nobody":
            last["caller"] = await real_verify(token, *rest)
        return last["caller"]

    tokens.bearer_token, tokens.verify = bearer, verify
