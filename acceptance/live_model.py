"""A real language model, asked with what the assistant is given; over Anthropic's wire or any OpenAI-compatible one."""

import os
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from acceptance.errors import NotOffered, PromiseBroken
from acceptance.scene import Exchange
from acceptance.target import Target

ANTHROPIC_URL = "https://api.anthropic.com/v1/messages"
ANTHROPIC_VERSION = "2023-06-01"
DEADLINE_SECONDS = 60.0
LONGEST_ANSWER = 300  # tokens
ORDER = (
    "You are a clinic's receptionist on the telephone. Answer the caller in one sentence, only from the notes. "
    "When the notes do not say, say that you do not know."
)


@dataclass(frozen=True)
class Model:
    """One model behind one address; `anthropic` says which of the two wire formats it speaks."""

    url: str
    name: str
    key: str | None = field(repr=False)
    anthropic: bool

    def answer(self, notes: str, question: str) -> str:
        """What the model says; raises PromiseBroken when it does not answer."""
        asked = f"Notes: {notes}\n\nCaller: {question}"
        body: dict[str, Any] = {"model": self.name, "max_tokens": LONGEST_ANSWER}
        if self.anthropic:
            body |= {"system": ORDER, "messages": [{"role": "user", "content": asked}]}
            headers = {"x-api-key": self.key or "", "anthropic-version": ANTHROPIC_VERSION}
        else:
            body |= {"messages": [{"role": "system", "content": ORDER}, {"role": "user", "content": asked}]}
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            answer = httpx.post(self.url, json=body, headers=headers, timeout=DEADLINE_SECONDS)
            answer.raise_for_status()
            return self._text_of(answer.json())
        except httpx.HTTPStatusError as refusal:
            raise PromiseBroken(f"The model should answer, but was a {refusal.response.status_code}.") from None
        except (httpx.TransportError, ValueError, KeyError, IndexError, TypeError) as problem:
            raise PromiseBroken(f"The model should answer, but did not ({type(problem).__name__}).") from None

    def _text_of(self, body: Any) -> str:
        if self.anthropic:
            return "".join(str(part["text"]) for part in body["content"] if part["type"] == "text")
        return str(body["choices"][0]["message"]["content"])


def configured(target: Target) -> Model:
    """The model of the settings, else Anthropic's with ANTHROPIC_API_KEY; raises NotOffered without either."""
    if target.chat_url:
        return Model(target.chat_url, target.chat_model, target.chat_key, "anthropic" in target.chat_url)
    key = os.environ.get("ANTHROPIC_API_KEY")
    if key:
        return Model(ANTHROPIC_URL, target.chat_model, key, anthropic=True)
    raise NotOffered("no real model is configured (ANTHROPIC_API_KEY, or chat_url)")


def must_tell(model: Model, exchange: Exchange, own: str, other: str) -> None:
    """The model's answer from what the caller's question was given: the own number, and not the other one."""
    said = model.answer(exchange.outcome.said, str(exchange.call.arguments["question"]))
    told = set(re.findall(r"\d+", said))
    if own not in told or other in told:
        raise PromiseBroken(f"The model should tell {exchange.wish.caller} of {own}, not of {other}; it said: {said}")
