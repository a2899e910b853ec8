"""The real package, deployed to the local cloud by the script that deploys it to AWS."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.cloud import STACK, Cloud, Problem
from infra.local.environment import for_commands
from infra.local.example_data import MAIL_DOMAIN
from infra.package import ROOT, build

PACKAGE = ROOT / "build/local"
BUCKET = f"{STACK}-packages"
STAGE = "api"


def deploy(cloud: Cloud, say: Callable[[str], None]) -> None:
    """Bring the deployment up to date; nothing is done where it is."""
    say("Building the package ...")
    package = build("local", PACKAGE)
    deployed = cloud.state / "deployed"
    if deployed.exists() and deployed.read_text() == package.fingerprint:
        say("The deployment is up to date.")
        return
    say("Deploying it with CloudFormation ...")
    result = subprocess.run(
        [ROOT / "infra/deploy.sh", package.template, STACK, BUCKET, f"MailDomain={MAIL_DOMAIN}"],
        env=for_commands(cloud.address),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        cloud.note(result.stdout + result.stderr)
        raise Problem(f"The deployment failed: {_last(result.stderr)} (more in {cloud.log})")
    _put_gateway_responses(cloud, package.template)
    _empty_bucket(cloud)
    deployed.write_text(package.fingerprint)
    cloud.save()


def check_deployed(cloud: Cloud) -> None:
    """See that the state really holds the deployment that it says it does."""
    if len(_api_ids(cloud)) != 1:
        raise Problem(
            f"The state folder {cloud.state} does not hold the deployment it should: "
            f"stop the local cloud, delete the folder and begin anew."
        )


def endpoint_of(cloud: Cloud) -> str:
    """The base address of the interface, which stays the same whatever is deployed."""
    return f"{cloud.address}/{STAGE}"


def _api_ids(cloud: Cloud) -> list[str]:
    apis = cloud.client("apigateway").get_rest_apis()["items"]
    return [api["id"] for api in apis if api["name"] == STACK]


def _put_gateway_responses(cloud: Cloud, template: Path) -> None:
    """What CloudFormation does with an API's GatewayResponses, and MiniStack's leaves out."""
    client = cloud.client("apigateway")
    (api_id,) = _api_ids(cloud)
    properties: dict[str, Any] = json.loads(template.read_text())["Resources"]["RestAPI"]
    for kind, response in properties["Properties"]["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        client.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseTemplates=response["ResponseTemplates"],
            responseParameters={
                f"gatewayresponse.header.{name}": value for name, value in headers.items()
            },
        )
    client.create_deployment(restApiId=api_id, stageName=STAGE)


def _empty_bucket(cloud: Cloud) -> None:
    """What is deployed needs its package no longer; on AWS the bucket's own rules see to that."""
    client = cloud.client("s3")
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
