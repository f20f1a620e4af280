"""Phrases for registering, for tokens, and for what a token opens."""

from behave import given, then, when
from behave.runner import Context

from acceptance import entries, founders, membership, views
from acceptance.clinics import Clinic
from acceptance.people import CLAIMS, FIELDS, MISTAKES, USER_PATH, People, Refused, refused
from acceptance.wording import INSUFFICIENT_PRIVILEGE
from features.steps import identity_words  # noqa: F401 - the words must be known before any phrase uses them

DATABASE_FAILURE = Refused(500, "unexpected_failure")
NO_PERMISSION = Refused(403, INSUFFICIENT_PRIVILEGE)
NO_ADMINISTRATOR = Refused(403, "not_admin")


def people_of(context: Context) -> People:
    """The people of this scenario, who are removed with it."""
    if "people" not in context:
        context.people = People(context.scene)
        context.add_cleanup(membership.forget, context.people)
    people: People = context.people
    return people


def clinic_of(context: Context, name: str) -> Clinic:
    clinic: Clinic = context.scene.clinics.clinic(name)
    return clinic


@given("{person:Name} signs up for the business {business:Name}")
@when("{person:Name} signs up for the business {business:Name}")
def sign_up(context: Context, person: str, business: str) -> None:
    context.scene.remember()
    people_of(context).sign_up(person, business)


@when("{person:Name} signs up for {naming:Naming}")
def sign_up_unnamed(context: Context, person: str, naming: str | None) -> None:
    context.scene.remember()
    people_of(context).sign_up(person, naming)


@when("{person:Name} signs up for the business {business:Name}, claiming {claim:SelfClaim} at {clinic:Name}")
def sign_up_claiming(context: Context, person: str, business: str, claim: str, clinic: str) -> None:
    context.scene.remember()
    people_of(context).sign_up(person, business, CLAIMS[claim](clinic_of(context, clinic).org_id))


@given("{person:Name} founded one clinic, named {business:Name}")
@then("{person:Name} founded one clinic, named {business:Name}")
def founded_one(context: Context, person: str, business: str) -> None:
    people = people_of(context)
    membership.must_have_founded(people, people[person], business, people[person].business or "")


@then("{person:Name} founded one clinic, named after the address")
def founded_after_address(context: Context, person: str) -> None:
    people = people_of(context)
    membership.must_have_founded(people, people[person], "the clinic named after the address", people[person].email)


@then("{person:Name} belongs to {clinic:Name} as {role:ClinicRole}")
def belongs(context: Context, person: str, clinic: str, role: str) -> None:
    membership.must_belong(context.scene, people_of(context)[person], clinic_of(context, clinic), role)


@then("{person:Name} belongs to the clinic named after the address as owner")
def belongs_after_address(context: Context, person: str) -> None:
    clinic = clinic_of(context, "the clinic named after the address")
    membership.must_belong(context.scene, people_of(context)[person], clinic, "owner")


@then("the registration of {person:Name} was one step")
def one_step(context: Context, person: str) -> None:
    membership.must_be_one_step(context.scene, people_of(context)[person])


@given("{person:Name} joins {clinic:Name} as {role:ClinicRole}")
@when("{person:Name} joins {clinic:Name} as {role:ClinicRole}")
def join(context: Context, person: str, clinic: str, role: str) -> None:
    context.scene.remember()
    people_of(context).join(person, clinic_of(context, clinic), role)


@when("{person:Name} is invited by {clinic:Name}, naming {mistake:Mistake}")
def invite_by_mistake(context: Context, person: str, clinic: str, mistake: str) -> None:
    context.scene.remember()
    grant = MISTAKES[mistake](clinic_of(context, clinic).org_id)
    context.refusal = people_of(context).refused_invitation(person, grant)


@then("the registration of {person:Name} fails as a failure of the database (500)")
def registration_fails(context: Context, person: str) -> None:
    membership.must_be_refused(f"The registration of {person}", context.refusal, DATABASE_FAILURE)


@then("nobody was registered as {person:Name}")
def nobody(context: Context, person: str) -> None:
    membership.must_be_nobody(context.scene, people_of(context)[person])


@then("the address of {person:Name} is still free")
def address_free(context: Context, person: str) -> None:
    people = people_of(context)
    people.sign_up_again(people[person])
    membership.must_have_founded(people, people[person], person, people[person].email)


@then("{person:Name} founded no clinic")
def founded_none(context: Context, person: str) -> None:
    membership.must_have_founded_nothing(context.scene, people_of(context)[person])


@then("nothing but the profile of {person:Name} was added")
def only_profile(context: Context, person: str) -> None:
    membership.only_the_profile_was_added(context.scene, people_of(context)[person])


@when("the address of {person:Name} is registered again by {way:SecondWay}")
def register_again(context: Context, person: str, way: str) -> None:
    context.scene.remember()
    people = people_of(context)
    context.second = people.second_registration(people[person], way)


@then("the second registration is refused as already registered (422)")
def second_refused(context: Context) -> None:
    membership.must_be_refused("The second registration", context.second.refusal, context.second.expected)


@then("the second password opens nothing")
def second_password(context: Context) -> None:
    membership.must_not_open(people_of(context), context.second)


@when("{person:Name} gets a token from {occasion:Occasion}")
def get_token(context: Context, person: str, occasion: str) -> None:
    people_of(context).get_token(person, occasion)


@then("the token of {person:Name} is genuine and has the issuer's shape")
def genuine(context: Context, person: str) -> None:
    membership.must_be_signed_and_shaped(context.scene, people_of(context)[person])


@then("the token of {person:Name} names {clinic:Name}")
def names(context: Context, person: str, clinic: str) -> None:
    membership.must_name(context.scene, people_of(context)[person], clinic_of(context, clinic))


@then("the token of {person:Name} says no more than that of the owner of {clinic:Name}")
def says_no_more(context: Context, person: str, clinic: str) -> None:
    membership.must_stand_as(context.scene, people_of(context)[person], clinic_of(context, clinic))


@then("{person:Name} sees {records:Records} of {clinic:Name} and of no other")
def person_sees(context: Context, person: str, records: str, clinic: str) -> None:
    session = people_of(context)[person].session
    views.must_see_only(context.scene, person, session, records, clinic_of(context, clinic))


@then("the owner of {owned:Name} sees {records:Records} of {clinic:Name} and of no other")
def owner_sees(context: Context, owned: str, records: str, clinic: str) -> None:
    owner = clinic_of(context, owned).owner
    views.must_see_only(context.scene, f"The owner of {owned}", owner, records, clinic_of(context, clinic))


@then("somebody who belongs to no clinic sees nothing among {records:Records}")
def no_clinic_sees(context: Context, records: str) -> None:
    session = context.scene.clinics.somebody_of_no_clinic()
    views.must_see_nothing(context.scene, "Somebody without a clinic", session, records)


@then("a visitor without a token is refused among {records:Records} for want of permission (401)")
def visitor_refused(context: Context, records: str) -> None:
    views.visitor_must_be_refused(context.scene, records)


@given("the owner of {clinic:Name} is let in to {entry:Entry}")
def let_in(context: Context, clinic: str, entry: str) -> None:
    entries.must_let_in(context.scene, entry, clinic_of(context, clinic))


@when("a stranger comes to {entry:Entry} of {clinic:Name} with {brought:Brought}")
def come_to(context: Context, entry: str, clinic: str, brought: str) -> None:
    context.scene.remember()
    context.entry, context.brought = entry, brought
    context.refusal = entries.knock(context.scene, entry, clinic_of(context, clinic), brought)


@then("the stranger is turned away by name")
def turned_away(context: Context) -> None:
    entries.must_be_turned_away(context.entry, context.brought, context.refusal)


@when("{person:Name} writes {claim:SelfClaim} at {clinic:Name} into her own details")
def write_details(context: Context, person: str, claim: str, clinic: str) -> None:
    context.scene.remember()
    context.written = CLAIMS[claim](clinic_of(context, clinic).org_id)
    people_of(context).write_details(person, context.written)


@then("what {person:Name} wrote stands in the token's details")
def stands_written(context: Context, person: str) -> None:
    membership.must_be_written(people_of(context)[person], context.written)


@when("{person:Name} tries to grant herself a membership at {clinic:Name}")
def grant_herself(context: Context, person: str, clinic: str) -> None:
    context.scene.remember()
    grant = {"app_metadata": {"org_id": clinic_of(context, clinic).org_id, "org_role": "owner"}}
    people = people_of(context)
    context.refusal = refused(people.request(people[person], "PUT", USER_PATH, grant))


@given("{person:Name} changes the name in her own profile")
def change_name(context: Context, person: str) -> None:
    membership.must_change_the_name(people_of(context), person)


@when("{person:Name} tries to change the {field:ProfileField} of her own profile towards {clinic:Name}")
def change_field(context: Context, person: str, field: str, clinic: str) -> None:
    context.scene.remember()
    changes = FIELDS[field](clinic_of(context, clinic).org_id)
    context.refusal = refused(people_of(context).change_profile(person, changes))


@then("the attempt of {person:Name} is refused as not an administrator's (403)")
def grant_refused(context: Context, person: str) -> None:
    membership.must_be_refused(f"The attempt of {person}", context.refusal, NO_ADMINISTRATOR)


@then("the attempt of {person:Name} is refused for want of permission (403)")
def change_refused(context: Context, person: str) -> None:
    membership.must_be_refused(f"The attempt of {person}", context.refusal, NO_PERMISSION)


@then("{person:Name} still belongs to {clinic:Name} as {role:ClinicRole}, with the next token and the next sign-in")
def still_belongs(context: Context, person: str, clinic: str, role: str) -> None:
    people = people_of(context)
    membership.must_still_belong(people, people[person], clinic_of(context, clinic), role)


@then("only the owner can rename {clinic:Name}, {person:Name} cannot")
def only_owner_renames(context: Context, clinic: str, person: str) -> None:
    session = people_of(context)[person].session
    views.only_the_owner_renames(context.scene, clinic_of(context, clinic), person, session)


@when("{count:Number} people sign up at the same moment")
def sign_up_at_once(context: Context, count: int) -> None:
    context.scene.remember()
    context.founders = founders.sign_up_at_once(people_of(context), count)


@then("all of them came at once and were registered")
def came_at_once(context: Context) -> None:
    founders.must_have_come_at_once(context.founders)


@then("each of them founded one clinic of their own")
def founded_each(context: Context) -> None:
    founders.each_must_have_founded_one(people_of(context), context.founders)


@then("each of them sees their own clinic alone")
def sees_own(context: Context) -> None:
    founders.each_must_see_their_own(people_of(context), context.founders)
