"""What is deployed: the packaged template, as AWS will read it."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.replies import SECURITY_HEADERS
from chalicelib.domain.messages import LEASE
from infra.package import ROOT

pytestmark = pytest.mark.xdist_group("package")

FUNCTIONS = {
    "APIHandler": ("ApiHandler", 29),
    "ExpireDue": ("ExpireDue", 60),
    "ContinueClosures": ("ContinueClosures", 60),
    "MendQueues": ("MendQueues", 60),
    "SendDue": ("SendDue", 60),
    "SendMessage": ("SendMessage", 60),
    "AskStaff": ("AskStaff", 60),
    "MailEvents": ("MailEvents", 30),
    "Retain": ("Retain", 60),
}
KEYS = {
    "Catalog": (["kind", "id"], {}),
    "Ledger": (["resource_id", "day"], {"week": ["site_week", "day_resource"]}),
    "Bookings": (
        ["booking_id"],
        {
            "by_person": ["person_id", "starts_at"],
            "by_month": ["site_month", "starts_at"],
            "due": ["due_shard", "due_at"],
        },
    ),
    "Events": (
        ["event_id", "item"],
        {"by_person": ["person_id", "event_id"], "by_month": ["site_month", "starts_at"]},
    ),
    "Outbox": (
        ["message_id"],
        {
            "due": ["shard", "look_at"],
            "by_subject": ["subject", "due_at"],
            "by_person": ["person_id", "due_at"],
            "by_month": ["site_month", "due_at"],
        },
    ),
    "People": (["person_id", "item"], {}),
    "Tokens": (["token_hash"], {"by_person": ["person_id"]}),
    "Audit": (["subject", "at"], {"by_actor": ["actor", "at"]}),
}
EXPIRING = {
    "Catalog": "expires_at",
    "Ledger": "expires_at",
    "Tokens": "expires_at",
    "Outbox": "remove_at",  # a message's own `expires_at` is when it is worth nothing any more
}
NOT_IN_BACKUPS = {"Tokens"}


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def names(schema: list[dict[str, str]]) -> list[str]:
    return [each["AttributeName"] for each in schema]


def test_the_template_has_no_findings(prod_template_path: Path) -> None:
    found = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", "--", prod_template_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout, found.returncode) == ("", 0)


def test_the_template_is_no_larger_than_cloudformation_takes(prod: dict[str, Any]) -> None:
    """A megabyte, as deploy.sh sends it: without indentation."""
    assert len(json.dumps(prod, separators=(",", ":"))) < 750_000


def test_there_are_exactly_the_functions_that_we_know(prod: dict[str, Any]) -> None:
    assert set(of_type(prod, "AWS::Serverless::Function")) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_small_bounded_and_know_their_tables(prod: dict[str, Any], name: str) -> None:
    function = of_type(prod, "AWS::Serverless::Function")[name]
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == "python3.11"
    assert function["Timeout"] == FUNCTIONS[name][1]
    assert function["MemorySize"] == (1024 if name == "APIHandler" else 512)
    assert function["Environment"]["Variables"]["STAGE"] == "prod"
    everywhere = prod["Globals"]["Function"]["Environment"]["Variables"]
    assert everywhere["TABLE_PREFIX"] == {"Fn::Sub": "${AWS::StackName}-"}
    # T-06: no system zones, so that those of the package decide.
    assert everywhere["PYTHONTZPATH"] == "/var/task/no-system-zones"
    assert "PYTHONTZPATH" not in function["Environment"]["Variables"]


def test_schedules_run_one_at_a_time_every_minute(prod: dict[str, Any]) -> None:
    for name in ("ExpireDue", "ContinueClosures", "SendDue"):
        function = of_type(prod, "AWS::Serverless::Function")[name]
        assert function["ReservedConcurrentExecutions"] == 1
        (event,) = function["Events"].values()
        assert event["Properties"]["Schedule"] == "rate(1 minute)"


@pytest.mark.parametrize("name", ["Retain", "MendQueues"])
def test_forgetting_and_mending_go_on_every_five_minutes_one_at_a_time(
    prod: dict[str, Any], name: str
) -> None:
    function = of_type(prod, "AWS::Serverless::Function")[name]
    assert function["ReservedConcurrentExecutions"] == 1
    (event,) = function["Events"].values()
    assert event["Properties"]["Schedule"] == "rate(5 minutes)"


def test_an_alarm_rings_where_something_is_kept_too_long_or_nobody_looks(
    prod: dict[str, Any],
) -> None:
    alarm = of_type(prod, "AWS::CloudWatch::Alarm")["RetentionOverdue"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Labbokning", "RetentionOverdue")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "breaching"


def test_logs_are_json_kept_for_a_while_and_written_by_their_function_alone(
    prod: dict[str, Any],
) -> None:
    functions = of_type(prod, "AWS::Serverless::Function")
    groups = of_type(prod, "AWS::Logs::LogGroup")
    assert set(groups) == {f"{log}LogGroup" for log, _ in FUNCTIONS.values()}
    for name, (log, _) in FUNCTIONS.items():
        logging = functions[name]["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["LogGroup"] == {"Ref": f"{log}LogGroup"}
        assert groups[f"{log}LogGroup"]["RetentionInDays"] == 30


def test_every_function_and_the_interface_have_an_alarm_that_somebody_hears(
    prod: dict[str, Any],
) -> None:
    """W-29: who is told to try again is answered 503, which the interface's own metric counts."""
    alarms = of_type(prod, "AWS::CloudWatch::Alarm")
    watched = {
        (alarm["MetricName"], json.dumps(each["Value"]))
        for alarm in alarms.values()
        for each in alarm.get("Dimensions", [])
    }
    assert {("Errors", json.dumps({"Ref": name})) for name in FUNCTIONS} <= watched
    assert ("5XXError", json.dumps({"Ref": "AWS::StackName"})) in watched
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())
    (api,) = of_type(prod, "AWS::Serverless::Api").values()
    assert api["Name"] == {"Ref": "AWS::StackName"}


def test_an_alarm_rings_when_mails_stop(prod: dict[str, Any]) -> None:
    """Late, given up, bouncing, complained of; and a poller that does not run says nothing itself."""
    alarms = of_type(prod, "AWS::CloudWatch::Alarm")
    known = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms.values()}
    assert known >= {
        ("Labbokning", "OldestDueSeconds"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SES", "Reputation.BounceRate"),
        ("AWS/SES", "Reputation.ComplaintRate"),
    }
    silent = alarms["SendDueSilent"]
    assert (silent["MetricName"], silent["TreatMissingData"]) == ("Invocations", "breaching")
    body = of_type(prod, "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 4


def test_a_message_is_invisible_for_longer_than_its_worker_lives(prod: dict[str, Any]) -> None:
    queue = of_type(prod, "AWS::SQS::Queue")["MessagesQueue"]
    functions = of_type(prod, "AWS::Serverless::Function")
    assert queue["VisibilityTimeout"] > LEASE.total_seconds() > functions["SendMessage"]["Timeout"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadMessagesQueue", "Arn"]},
        "maxReceiveCount": 5,
    }
    (event,) = functions["SendMessage"]["Events"].values()
    assert event["Properties"]["Queue"] == {"Fn::Sub": "${MessagesQueue.Arn}"}
    assert event["Properties"]["BatchSize"] == 1


def test_what_ses_says_comes_to_the_function_that_settles_messages(prod: dict[str, Any]) -> None:
    (destination,) = of_type(prod, "AWS::SES::ConfigurationSetEventDestination").values()
    said = destination["EventDestination"]
    assert said["MatchingEventTypes"] == ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT"]
    assert said["SnsDestination"] == {"TopicARN": {"Ref": "MailEventsTopic"}}
    (event,) = of_type(prod, "AWS::Serverless::Function")["MailEvents"]["Events"].values()
    assert event["Properties"]["Topic"] == {"Fn::Sub": "${MailEventsTopic}"}


def test_the_provider_that_people_log_in_at_is_a_parameter_of_the_stack(
    prod: dict[str, Any],
) -> None:
    functions = of_type(prod, "AWS::Serverless::Function")
    known = {name: each["Environment"]["Variables"] for name, each in functions.items()}
    found = {name: value for name, value in known.pop("APIHandler").items() if "OIDC" in name}
    assert found == {
        "OIDC_ISSUER": {"Ref": "OidcIssuer"},
        "OIDC_CLIENT_ID": {"Ref": "OidcClientId"},
        "OIDC_TRUSTS_ADDRESSES": {"Ref": "OidcTrustsAddresses"},
        "OIDC_EMAIL_CLAIM": {"Ref": "OidcEmailClaim"},
    }
    assert "OIDC" not in json.dumps([prod["Globals"], known])  # and nobody else's affair
    parameters = prod["Parameters"]
    assert parameters["OidcIssuer"]["Default"] == ""
    assert parameters["OidcTrustsAddresses"]["Default"] == "false"
    allowed = re.compile(parameters["OidcIssuer"]["AllowedPattern"])
    for issuer in ("", "https://login.example/tenant/v2.0", "http://127.0.0.1:8080"):
        assert allowed.fullmatch(issuer)
    for issuer in ("http://login.example", "login.example", "https://", "https://a b", "ftp://a"):
        assert not allowed.fullmatch(issuer)


def test_the_function_knows_its_topic_and_no_signatures_but_those_of_aws(
    prod: dict[str, Any],
) -> None:
    """AWS_ENDPOINT_URL would have another place vouch for what SNS says."""
    functions = of_type(prod, "AWS::Serverless::Function")
    environments = {name: each["Environment"]["Variables"] for name, each in functions.items()}
    assert environments["MailEvents"]["MAIL_EVENTS_TOPIC"] == {"Ref": "MailEventsTopic"}
    everywhere = prod["Globals"]["Function"]["Environment"]["Variables"]
    for variables in (everywhere, *environments.values()):
        assert not [name for name in variables if "ENDPOINT" in name]
    assert of_type(prod, "AWS::SNS::Topic")["MailEventsTopic"]["SignatureVersion"] == "2"


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_the_keys_of_the_design_and_outlives_the_stack(
    prod: dict[str, Any], name: str
) -> None:
    resource = prod["Resources"][f"{name}Table"]
    table, (key, indexes) = resource["Properties"], KEYS[name]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert table["TableName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name.lower()}"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert names(table["KeySchema"]) == key
    found = {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", [])}
    assert {index: names(each["KeySchema"]) for index, each in found.items()} == indexes
    assert all(each["Projection"] == {"ProjectionType": "ALL"} for each in found.values())
    assert {each["AttributeType"] for each in table["AttributeDefinitions"]} == {"S"}
    recovery = table.get("PointInTimeRecoverySpecification", {})
    assert recovery.get("PointInTimeRecoveryEnabled", False) is (name not in NOT_IN_BACKUPS)
    expiry = table.get("TimeToLiveSpecification")
    attribute = EXPIRING.get(name)
    assert expiry == (attribute and {"AttributeName": attribute, "Enabled": True})


def test_there_are_no_tables_besides(prod: dict[str, Any]) -> None:
    assert set(of_type(prod, "AWS::DynamoDB::Table")) == {f"{name}Table" for name in KEYS}


def test_every_role_has_our_own_policy_and_no_policy_names_everything(
    prod: dict[str, Any],
) -> None:
    roles = of_type(prod, "AWS::IAM::Role")
    assert set(roles) == {f"{log}Role" for log, _ in FUNCTIONS.values()}
    for role in roles.values():
        assert not role.get("ManagedPolicyArns")
        (policy,) = role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for word in ("Action", "Resource"):
                values = statement[word] if isinstance(statement[word], list) else [statement[word]]
                assert not [each for each in values if "*" in json.dumps(each)], statement["Sid"]


def test_the_audit_log_can_only_be_appended_to_and_read(prod: dict[str, Any]) -> None:
    for role in of_type(prod, "AWS::IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            if "AuditTable" in json.dumps(statement["Resource"]):
                named = statement["Action"]
                actions = {named} if isinstance(named, str) else set(named)
                assert actions <= {"dynamodb:PutItem", "dynamodb:Query"}


def test_nothing_of_the_audit_log_is_written_over() -> None:
    """A Put that names no condition could: one module writes the table, by one conditional Put."""
    writing = [
        (path.name, ast.unparse(node))
        for path in (ROOT / "chalicelib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and any(_is_audit(each) for each in node.args[:1])
    ]
    ((name, call),) = writing
    assert name == "audit.py"
    assert call.startswith("tx.put('audit', ")
    assert "condition='attribute_not_exists(subject)'" in call


def _is_audit(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "audit"


@pytest.mark.parametrize("word", ["4XX", "5XX"])
def test_the_gateway_s_own_errors_are_problems(prod: dict[str, Any], word: str) -> None:
    (api,) = of_type(prod, "AWS::Serverless::Api").values()
    responses = api["GatewayResponses"]
    assert f"DEFAULT_{word}" in responses
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        for name in SECURITY_HEADERS.keys() - {"Content-Security-Policy"}:  # that one has quotes
            assert headers[name] == f"'{SECURITY_HEADERS[name]}'"
        body = json.loads(response["ResponseTemplates"]["application/json"])
        assert set(body) - {"retry_after"} == {"type", "title", "status", "detail", "instance"}
        assert body["type"].startswith("/problems/")
        assert body["status"] == response["StatusCode"]
        assert body["instance"] == "$context.requestId"


def test_everybody_together_is_throttled_and_told_when_to_come_again(
    prod: dict[str, Any],
) -> None:
    """Reads as well, which nothing else counts; a network's own share of it is well below."""
    (api,) = of_type(prod, "AWS::Serverless::Api").values()
    assert api["MethodSettings"] == [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "ThrottlingRateLimit": 200,
            "ThrottlingBurstLimit": 400,
        }
    ]
    response = api["GatewayResponses"]["THROTTLED"]
    assert response["ResponseParameters"]["Headers"]["Retry-After"] == "'1'"
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert (response["StatusCode"], body["retry_after"]) == (429, 1)


def test_unknown_addresses_are_not_found_rather_than_forbidden(prod: dict[str, Any]) -> None:
    (api,) = of_type(prod, "AWS::Serverless::Api").values()
    assert api["GatewayResponses"]["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == 404
    assert api["EndpointConfiguration"] == "REGIONAL"
    assert api["StageName"] == "api"


def test_the_local_cloud_gets_the_same_template_but_for_the_stage_and_the_machine(
    prod: dict[str, Any], local: dict[str, Any]
) -> None:
    def common(template: dict[str, Any], stage: str) -> str:
        text = json.dumps(template)
        for own in (f'"STAGE": "{stage}"', f"stage={stage}:", '["arm64"]', '["x86_64"]'):
            text = text.replace(own, "…")
        return text

    assert common(local, "local") == common(prod, "prod")


def test_bytes_go_out_as_bytes_whatever_a_browser_asks_for_first(prod: dict[str, Any]) -> None:
    """API Gateway decodes an answer where the first type of Accept is a binary one: of a browser, text/html."""
    assert prod["Resources"]["RestAPI"]["Properties"]["BinaryMediaTypes"] == ["*/*"]
