"""What the environment says, read once and whole: every problem is reported at once."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """The environment is wrong; the message has a line for each problem."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment of a function."""

    table_prefix: str
    stage: str = "local"
    endpoint_url: str | None = None
    signing_key_parameter: str | None = None
    queue_url: str = ""
    configuration_set: str = ""
    mail_events_topic: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read TABLE_PREFIX, STAGE, QUEUE_URL, MAIL_EVENTS_TOPIC; AWS_ENDPOINT_URL if AWS is elsewhere."""
        problems = []
        prefix = env.get("TABLE_PREFIX", "")
        if not prefix:
            problems.append(
                "TABLE_PREFIX is not set: the tables are named TABLE_PREFIX + catalog …"
            )
        endpoint = env.get("AWS_ENDPOINT_URL") or None
        if endpoint and not endpoint.startswith(("http://", "https://")):
            problems.append(f"AWS_ENDPOINT_URL is not an address: {endpoint}")
        if problems:
            raise SettingsError("\n".join(problems))
        return cls(
            table_prefix=prefix,
            stage=env.get("STAGE", "local"),
            endpoint_url=endpoint,
            signing_key_parameter=f"/{prefix.rstrip('-')}/signing-key",
            queue_url=env.get("QUEUE_URL", ""),
            configuration_set=f"{prefix.rstrip('-')}-mails",
            mail_events_topic=env.get("MAIL_EVENTS_TOPIC", ""),
        )
