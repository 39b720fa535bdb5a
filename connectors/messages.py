"""Sends what others have written: by a chat's webhook, or by a mail server. Nothing is ever read back.

An address of a webhook is a secret itself, like a password. Neither is in an error, a log, or the story of
one: what libraries say of a failure holds both, and is left behind.
"""

import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
import tenacity
from pydantic import SecretStr

from connectors.base import SourceError, SourceUnavailable
from connectors.connection_errors import own_certificates, reason, tls_error
from connectors.http import LASTING_FAULTS, AskAgain, Patience, Reply, ask, rate_limit
from connectors.http_headers import retry_after_seconds
from connectors.traffic import Traffic

ChatKind = Literal["slack", "teams"]
Security = Literal["starttls", "tls", "none"]
TIMEOUT_SECONDS = (10.0, 30.0)
MOST_OF_AN_ANSWER = 65_536
"""Bytes that are read of what a server answers."""
PATIENCE = Patience(attempts=4, first_pause_seconds=1.0, longest_wait_seconds=120.0)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where nothing has to be encrypted: it does not leave the machine."""
_UNKNOWN = "whether it arrived is not known; the next digest will say it again"


class MessageError(Exception):
    """A message was not sent. `str()` is one line, without a secret. `is_usage`: it is set up wrongly.
    `is_taken`: not for each address, but for others it was.
    """

    def __init__(
        self, where: str, what: str, fix: str, *, is_usage: bool = False, is_taken: bool = False
    ) -> None:
        self.is_usage = is_usage
        self.is_taken = is_taken
        super().__init__(f"{where}: {what}. {fix}")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail, by TLS unless it is on this machine."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: SecretStr | None = None


def post(
    webhook: SecretStr, kind: ChatKind, body: Mapping[str, Any], *, where: str, patience: Patience = PATIENCE
) -> None:
    """Post a message to a webhook.

    It is tried again where nothing can have arrived: no connection, a limit, a fault of the server. After a
    request without an answer it is not, so that one digest is shown twice at most.

    Args:
        webhook: its address.
        kind: what it belongs to, hence how it says that all is well.
        body: the message, in the form of that kind.
        where: what errors call it.
        patience: bounds on tries and waits.

    Raises:
        MessageError: it was not taken.
    """
    address = _require_safe(webhook, where)
    with requests.Session() as session:
        session.auth = _as_it_is

        def send() -> Reply:
            return _sent(session, address, body, where)

        try:
            reply = ask(send, where=where, patience=patience, traffic=Traffic(), judge=_judge)
        except SourceError as failure:
            told = MessageError(
                where, failure.what, "The next digest tries again; check the webhook if it lasts"
            )
            raise told from None
    _require_taken(reply, kind, where)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Signs in with nothing, so that no .netrc of the machine does."""
    return request


def _require_safe(webhook: SecretStr, where: str) -> str:
    address = webhook.get_secret_value().strip()
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    is_whole = bool(host) and "@" not in parts.netloc and re.fullmatch(r"[!-~]+", address) is not None
    if not is_whole or parts.scheme not in ("http", "https"):
        raise MessageError(
            where,
            "holds no whole address",
            "Put the webhook's address into it, and nothing else",
            is_usage=True,
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise MessageError(
            where, "is not encrypted", "Use the address that begins with https://", is_usage=True
        )
    return address


def _sent(session: requests.Session, address: str, body: Mapping[str, Any], where: str) -> Reply:
    try:
        with session.post(
            address, json=dict(body), timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            content = answer.raw.read(MOST_OF_AN_ANSWER, decode_content=True)
            return Reply(answer.status_code, headers, content.decode("utf-8", "replace"))
    except requests.ReadTimeout:
        raise SourceUnavailable(where, f"no answer in time: {_UNKNOWN}", "") from None


def _judge(reply: Reply) -> None:
    """Raise `AskAgain` for a limit or a fault that may pass."""
    limit = rate_limit(reply)
    if limit:
        raise limit
    if reply.status >= 500 and reply.status not in LASTING_FAULTS:
        asked = retry_after_seconds(reply.headers, reply.server_date)
        raise AskAgain(f"the server answers {reply.status}", asked)


def _require_taken(reply: Reply, kind: ChatKind, where: str) -> None:
    """Raise unless the answer is the one by which this kind says that the message was taken."""
    if 300 <= reply.status < 400:
        what = f"the server sends elsewhere ({reply.status}), which is not followed"
        raise MessageError(where, what, "Put the address into it that the message is to go to")
    if reply.status in (401, 403, 404, 410):
        what = f"the webhook does not exist any more, or may not be used ({reply.status})"
        raise MessageError(where, what, "Make a new one and put its address into the variable")
    if reply.status >= 400:
        what = f"the server does not take the message ({reply.status})"
        raise MessageError(where, what, f"Check that it is a webhook of {kind.capitalize()}")
    is_page = "html" in reply.headers.get("content-type", "") or reply.text.lstrip()[:1] == "<"
    if is_page or (kind == "slack" and reply.text.strip() != "ok"):
        what = (
            "a page answers where a webhook should" if is_page else "the answer is not the one of a webhook"
        )
        raise MessageError(where, what, f"Check that it is a webhook of {kind.capitalize()}")


def mail(
    server: MailServer,
    to: Sequence[str],
    *,
    subject: str,
    text: str,
    html: str,
    at: datetime,
    where: str,
    patience: Patience = PATIENCE,
) -> None:
    """Send a mail with a text and the same as HTML.

    Args:
        server: by which it is sent.
        to: the addresses.
        subject: on one line.
        text: the plain text.
        html: the same as a document.
        at: when it is sent.
        where: what errors call it.
        patience: bounds on tries.

    Raises:
        MessageError: it was not taken, or not for each address.
    """
    message = _message(server, to, subject, text, html, at)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AskAgain),
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=tenacity.wait_exponential(patience.first_pause_seconds, max=patience.longest_pause_seconds),
        sleep=patience.sleep,
        reraise=True,
    )
    try:
        refused = retrying(_delivered, server, message, where)
    except AskAgain as failure:
        told = f"{failure.reason}, {patience.attempts} times in a row"
        raise MessageError(where, told, "Check mail_server and mail_port, and that it is up") from None
    if refused:
        what = f"the mail server does not take {', '.join(refused)}; the others were sent it"
        raise MessageError(where, what, "Correct the address", is_taken=True)


def _message(
    server: MailServer, to: Sequence[str], subject: str, text: str, html: str, at: datetime
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = MailAddress(addr_spec=server.sender)
    message["To"] = [MailAddress(addr_spec=one) for one in to]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    # Quoted, since not every server takes more than ASCII, or lines as long as those of HTML.
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _delivered(server: MailServer, message: EmailMessage, where: str) -> list[str]:
    """The addresses that the server did not take; raises where it took none."""
    smtp = _signed_in(server, where)
    try:
        refused = smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as nobody:
        if all(400 <= code < 500 for code, _ in nobody.recipients.values()):
            raise AskAgain("the mail server takes no message at the moment") from None
        what = f"the mail server does not take {', '.join(sorted(nobody.recipients))}"
        raise MessageError(where, what, "Correct the address") from None
    except smtplib.SMTPResponseException as answer:
        raise _refusal(answer, where, "the message") from None
    except (smtplib.SMTPException, OSError):
        what = f"the mail server stopped answering: {_UNKNOWN}"
        raise MessageError(where, what, "Check that it is up") from None
    finally:
        _leave(smtp)
    return sorted(refused)


def _signed_in(server: MailServer, where: str) -> smtplib.SMTP:
    """A connection over which a message can be sent. Nothing was sent so far: most faults are tried again."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connected(server)
        if server.user is not None:
            smtp.login(server.user, server.password.get_secret_value() if server.password else "")
    except (smtplib.SMTPException, OSError, UnicodeError) as fault:
        if smtp is not None:
            smtp.close()
        raise _unconnected(fault, where) from None
    return smtp


def _connected(server: MailServer) -> smtplib.SMTP:
    timeout = TIMEOUT_SECONDS[1]
    trusted = own_certificates() or ssl.create_default_context()
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=trusted)
    smtp = smtplib.SMTP(server.host, server.port, timeout=timeout)
    try:
        if server.security == "starttls":
            smtp.starttls(context=trusted)
    except (smtplib.SMTPException, OSError):
        smtp.close()
        raise
    return smtp


def _unconnected(fault: Exception, where: str) -> Exception:
    """What a connection's fault is told as, in our own words: those of servers may repeat what was sent."""
    refused = tls_error(fault)
    if refused:
        return MessageError(where, refused.what, "Correct mail_server, mail_port or mail_security")
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        what = "the mail server offers no encryption, or no signing in"
        return MessageError(where, what, "Correct mail_port and mail_security", is_usage=True)
    if isinstance(fault, smtplib.SMTPResponseException):
        return _refusal(fault, where, "the user and password")
    if isinstance(fault, UnicodeError):
        what = "the user or the password holds a letter that no mail server takes"
        return MessageError(where, what, "Set the two variables to them and to nothing else", is_usage=True)
    return AskAgain(f"the mail server is not reached ({reason(fault)})")


def _refusal(answer: smtplib.SMTPResponseException, where: str, what: str) -> Exception:
    if 400 <= answer.smtp_code < 500:
        return AskAgain(f"the mail server takes no message at the moment ({answer.smtp_code})")
    told = f"the mail server does not take {what} ({answer.smtp_code})"
    return MessageError(where, told, "Check [digest] and the variables that it names")


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye. What was taken is taken, however that ends."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()
