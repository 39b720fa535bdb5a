"""The shape of `[digest]`: who gets which digest, and by which way."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from connectors.addresses import Address
from pipelines.config_access import LOOPBACK_NAMES, Addresses, VariableName, mail_address
from pipelines.config_types import STRICT, Identifier, Text

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")]


class Receiver(BaseModel):
    """One `[[digest.receiver]]`: the channel or the mailboxes of one team, or of leaders."""

    model_config = STRICT

    team: Identifier | None = None
    leaders: bool = False
    webhook: Literal["slack", "teams"] | None = None
    webhook_env: VariableName | None = None
    mail: Addresses = []

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.team is not None) == self.leaders:
            raise ValueError("is neither of a team nor of leaders, or both. Set `team` or `leaders = true`")
        if (self.webhook is None) != (self.webhook_env is None):
            raise ValueError("needs `webhook` and `webhook_env` together. Add the other one")
        if (self.webhook is None) != bool(self.mail):
            raise ValueError("is reached by one way: a webhook or mail. Set one of them")
        return self


class Digests(BaseModel):
    """`[digest]`: where the pages are, the mail server, and the receivers. Without any, nothing is sent."""

    model_config = STRICT

    address: Address | None = None
    mail_server: Host | None = None
    mail_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: Annotated[Text, AfterValidator(mail_address)] | None = None
    mail_user_env: VariableName | None = None
    mail_password_env: VariableName | None = None
    receivers: list[Receiver] = Field(default=[], alias="receiver")

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if (self.mail_user_env is None) != (self.mail_password_env is None):
            raise ValueError("needs `mail_user_env` and `mail_password_env` together. Add the other one")
        if self.mail_security == "none" and self.mail_server not in LOOPBACK_NAMES:
            raise ValueError(
                'may go without encryption to a server on this machine alone. Set mail_security = "starttls"'
            )
        has_mail = any(receiver.mail for receiver in self.receivers)
        if has_mail and (self.mail_server is None or self.mail_from is None):
            raise ValueError("has receivers of mail. Add `mail_server` and `mail_from`")
        return self
