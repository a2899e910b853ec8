"""What the environment says, read once and whole: every problem is reported at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LOCAL = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """The environment is wrong; the message has a line for each problem."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment of a function."""

    table_prefix: str
    stage: str = "local"
    endpoint_url: str | None = None
    signing_key_parameter: str = ""
    queue_url: str = ""
    configuration_set: str = ""
    mail_events_topic: str = ""
    oidc: "OidcSettings | None" = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read TABLE_PREFIX, STAGE, QUEUE_URL, MAIL_EVENTS_TOPIC; AWS_ENDPOINT_URL if AWS is elsewhere.

        And OIDC_ISSUER with what belongs to it, where people can also log in at a provider.
        """
        problems = []
        prefix = env.get("TABLE_PREFIX", "")
        if not prefix:
            problems.append(
                "TABLE_PREFIX is not set: the tables are named TABLE_PREFIX + catalog …"
            )
        endpoint = env.get("AWS_ENDPOINT_URL") or None
        if endpoint and not endpoint.startswith(("http://", "https://")):
            problems.append(f"AWS_ENDPOINT_URL is not an address: {endpoint}")
        problems += _problems_of_oidc(env)
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
            oidc=_oidc(env, prefix),
        )


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The OpenID provider at which people can log in, and what we are to it."""

    issuer: str
    client_id: str
    secret_parameter: str
    trusts_addresses: bool = False  # though it does not say that it has verified them
    email_claim: str = "email"


def _oidc(env: Mapping[str, str], prefix: str) -> OidcSettings | None:
    if not env.get("OIDC_ISSUER"):
        return None
    return OidcSettings(
        issuer=env["OIDC_ISSUER"],
        client_id=env["OIDC_CLIENT_ID"],
        secret_parameter=f"/{prefix.rstrip('-')}/oidc-client-secret",
        trusts_addresses=env.get("OIDC_TRUSTS_ADDRESSES") == "true",
        email_claim=env.get("OIDC_EMAIL_CLAIM") or "email",
    )


def _problems_of_oidc(env: Mapping[str, str]) -> list[str]:
    issuer, problems = env.get("OIDC_ISSUER", ""), []
    if not issuer:
        return []
    address = urlsplit(issuer)
    local = address.scheme == "http" and address.hostname in LOCAL
    if not local and not issuer.startswith("https://"):
        problems.append(f"OIDC_ISSUER is not an https:// address: {issuer}")
    if not env.get("OIDC_CLIENT_ID"):
        problems.append("OIDC_ISSUER is set and OIDC_CLIENT_ID is not: what are we called there?")
    if env.get("OIDC_TRUSTS_ADDRESSES", "") not in ("", "true", "false"):
        problems.append("OIDC_TRUSTS_ADDRESSES is neither true nor false")
    return problems
