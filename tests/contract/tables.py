"""The tables as the template defines them, so that what is tested and what is deployed cannot differ."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[2] / "infra" / "resources.yaml"
PREFIX = "${AWS::StackName}-"
TAKEN = (
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read as what they are applied to."""


def _intrinsic(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


_Template.add_multi_constructor("!", _intrinsic)


@lru_cache(maxsize=1)
def definitions() -> dict[str, dict[str, Any]]:
    """The arguments of CreateTable for each table, by its name without the stack's."""
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Template)
    found = {
        properties["TableName"].removeprefix(PREFIX): {
            name: properties[name] for name in TAKEN if name in properties
        }
        for properties in _tables(template)
    }
    assert found, f"no tables in {TEMPLATE}"
    return found


def create_tables(client: Any, prefix: str) -> None:
    """Make all of them, empty."""
    for name, arguments in definitions().items():
        client.create_table(TableName=prefix + name, **arguments)


def _tables(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in template["Resources"].values():
        if resource.get("Type") == "AWS::DynamoDB::Table":
            yield resource["Properties"]
