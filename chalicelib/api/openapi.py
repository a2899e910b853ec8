"""The OpenAPI 3.1 document, made from the same models and route table that requests go by."""

import json
import re
import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import VERSION
from chalicelib.api.cookies import SESSION, name_of
from chalicelib.api.routing import Operation, Routes
from chalicelib.api.schemas.problems import ProblemOut
from chalicelib.domain.catalog import Site
from chalicelib.domain.people import ANONYMOUS
from chalicelib.services.access import Action, may

REF = "#/components/schemas/{model}"
KEY_PATTERN = '^("[!-~]{1,255}"|[!-~]{1,255})$'
ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
BEARER = (
    "An API key; or, for what its holder may do with one booking or sign-up, the token of its link as "
    "`manage.{booking_id}.{token}` or `signup.{signup_id}.{token}`: the two last parts of the address "
    "in the mail. It is good until the booking or the event is over."
)
Json = dict[str, Any]


def document(tables: Iterable[Routes], base_url: str) -> Json:
    """The whole document. `base_url` is the address before /v1."""
    operations = tuple(operation for routes in tables for operation in routes.operations)
    models = {model for operation in operations for model in _models(operation)} | {ProblemOut}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=REF, by_alias=True
    )
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, operations
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Labbokning",
            "version": VERSION,
            "description": "Booking and availability of a shared workspace. Errors are "
            "application/problem+json (RFC 9457).",
        },
        "servers": [{"url": base_url or "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": BEARER},
                "session": {"type": "apiKey", "in": "cookie", "name": _session_cookie(base_url)},
            },
        },
    }


def _session_cookie(base_url: str) -> str:
    """What the cookie of a session is called at an address."""
    return name_of(SESSION, Site(base_url=base_url))


def _models(operation: Operation) -> Iterable[type[BaseModel]]:
    yield from (model for model in operation.answers.values() if model)
    if operation.body:
        yield operation.body
    if form := _form(operation):
        yield form


def _form(operation: Operation) -> type[BaseModel] | None:
    return getattr(operation.body, "form", None) if operation.forms else None


def _operation_id(operation: Operation) -> str:
    return f"{operation.tag}.{operation.handler.__name__}"


def _operation(operation: Operation, others: Iterable[Operation]) -> Json:
    doc = (operation.handler.__doc__ or "").strip()
    out: Json = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "description": doc,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation, others),
    }
    if operation.body:
        content = {"application/json": {"schema": _ref(operation.body)}}
        if form := _form(operation):
            content["application/x-www-form-urlencoded"] = {"schema": _ref(form)}
        required = any(info.is_required() for info in operation.body.model_fields.values())
        out["requestBody"] = {"required": required, "content": content}
    out["security"] = _security(operation)
    return out


def _security(operation: Operation) -> list[Json]:
    """Who may ask: anybody, or whoever shows a key, a link's token, or a session."""
    shown: list[Json] = (
        [{"session": []}] if operation.action is Action.OWN else [{"key": []}, {"session": []}]
    )
    return [{}, *shown] if may(ANONYMOUS, operation.action) else shown


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": REF.format(model=model.__name__)}


def _parameters(operation: Operation) -> list[Json]:
    found: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": ID_PATTERN},
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query:
        schema = operation.query.model_json_schema(by_alias=True)
        required = schema.get("required", [])
        for name, field in schema["properties"].items():
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in required,
                    "schema": _inlined(field, schema.get("$defs", {})),
                }
            )
    if operation.conditional:
        found.append(_header("If-Match", "The ETag of what you have seen, or *"))
    if operation.tagged and operation.method == "GET":
        found.append(_header("If-None-Match", "The ETag of what you have"))
    if operation.dated:
        said = "The Last-Modified of what you have; the ETag is the better word"
        found.append(_header("If-Modified-Since", said))
    if operation.writes:
        said = "The same key and request give the same answer, with or without quotes"
        found.append(_header("Idempotency-Key", said, KEY_PATTERN))
    return found


def _header(name: str, description: str, pattern: str | None = None) -> Json:
    limits = {"pattern": pattern} if pattern else {}
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **limits},
    }


def _responses(operation: Operation, others: Iterable[Operation]) -> Json:
    found: Json = {}
    for status, model in operation.answers.items():
        plain = operation.produces.endswith("json")
        schema = _ref(model) if model else {"type": "object" if plain else "string"}
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": _answer_headers(operation, status),
            "content": {
                operation.produces: {"schema": schema},
                **{kind: {"schema": {"type": "string"}} for kind in operation.also},
                **_page(operation),
            },
        }
        if operation.method == "POST" and model and (links := _links(model, others)):
            found[str(status)]["links"] = links
    if operation.pages:
        found["303"] = {
            "description": "Done; of a form with a `next` on the list of allowed sites",
            "headers": {"Location": _text("What the form sent as `next`")},
            "content": _page(operation),
        }
    if operation.tagged and operation.method == "GET":
        found["304"] = {"description": HTTPStatus(304).phrase, "headers": {"ETag": _text("")}}
    for status in sorted(_problem_statuses(operation)):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": _problem_headers(status),
            "content": {
                "application/problem+json": {"schema": _ref(ProblemOut)},
                **_page(operation),
            },
        }
    return found


def _page(operation: Operation) -> Json:
    """What a form that asks for text/html is answered with."""
    return {"text/html": {"schema": {"type": "string"}}} if operation.pages else {}


def _links(model: type[BaseModel], others: Iterable[Operation]) -> Json:
    """What can be done with what was made: the operations whose path names its id."""
    own = next((name for name in model.model_fields if name.endswith("_id")), "")
    return {
        _operation_id(other).replace(".", "_"): {
            "operationId": _operation_id(other),
            "parameters": _linked(own, other),
        }
        for other in others
        if f"{{{own}}}" in other.path
    }


def _linked(own: str, other: Operation) -> Json:
    tag = {"header.If-Match": "$response.header.ETag"} if other.conditional else {}
    return {f"path.{own}": f"$response.body#/{own}", **tag}


def _answer_headers(operation: Operation, status: int) -> Json:
    headers: Json = {}
    if operation.tagged:
        headers["ETag"] = _text("Strong; for If-Match")
    if operation.dated:
        headers["Last-Modified"] = _text("When any of it last changed")
    makes = operation.method == "POST" and 201 in operation.answers
    if makes and operation.tagged and status in (201, 202):
        headers["Location"] = _text("The absolute address of what was made")
    if operation.writes:
        headers["Idempotency-Replayed"] = _text(
            "`true` where the answer is that of an earlier request", required=False
        )
    return headers


def _problem_headers(status: int) -> Json:
    named = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
    return {name: _text("") for name in named.get(status, ())}


def _text(description: str, *, required: bool = True) -> Json:
    said = {"description": description} if description else {}
    return {**said, "required": required, "schema": {"type": "string"}}


def _problem_statuses(operation: Operation) -> set[int]:
    statuses = {
        401,
        404,  # credentials that are for something else find nothing
        422,
        429,
        500,
        503,
        *operation.problems,
        *((403,) if operation.method != "GET" else ()),
    }
    if operation.method != "GET":
        statuses.add(413)
    if operation.body:
        statuses.add(415)
    return statuses


def _inlined(schema: Any, definitions: Json) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    return schema


def main() -> None:
    """Write the document to standard output."""
    from chalicelib.api.table import ALL

    sys.stdout.write(json.dumps(document(ALL, ""), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
