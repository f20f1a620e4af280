"""Vapi's own request to a knowledge base: for a clinic, and for somebody who has none."""

import json

from acceptance import audit
from acceptance.clinics import Clinic
from acceptance.errors import PromiseBroken
from acceptance.identity import Session
from acceptance.knowledge import ANSWER, Library
from acceptance.knowledge_ways import FORMS, Asking, by_the_knowledge_base, openai_form, post
from acceptance.scene import Scene
from acceptance.voice import Outcome, Unreadable, json_object
from acceptance.wording import listed


def ask(library: Library, clinic: Clinic, question: str, form: str) -> Asking:
    """Ask in one of the FORMS and keep what came."""
    documents = by_the_knowledge_base(FORMS[form])(library, clinic, question)
    return Asking(form, clinic, documents, json.dumps(list(documents), ensure_ascii=False))


def ask_as(scene: Scene, who: Session, question: str) -> Outcome:
    """The request with a token of somebody's, refused or not."""
    answer = post(scene, f"Bearer {who.access_token}", openai_form(question))
    try:
        body = json_object(answer)
    except Unreadable as problem:
        raise PromiseBroken(f"Vapi should be answered in words, but {problem}.") from None
    said = str(body.get("error", ""))
    return Outcome(answer.status_code, str(body.get("code", "")), said, body, 0.0, answer.status_code)


ATTEMPTS = """
select id::text, user_id::text, org_id::text, action, target_org_id::text, attempted_action, status,
  details::text as details, created_at
from public.audit_log where user_id = %(user)s::uuid"""


def must_be_recorded(scene: Scene, who: Session) -> None:
    """One denied attempt to ask, by this person, of no clinic; raises PromiseBroken."""
    entries = scene.run.observer.read(audit.Entry, ATTEMPTS, {"user": who.user_id})
    seen = [(entry.org_id, entry.attempted_action, entry.status) for entry in entries]
    if seen != [(None, ANSWER, audit.DENIED)]:
        told = listed([f"a {status} {action} at {org or 'no clinic'}" for org, action, status in seen])
        raise PromiseBroken(f"The attempt should stand once in the audit log as a denied {ANSWER}; there is {told}.")
