"""Every operation that there is, with its feature loaded: of the interface, and of the pages."""

from chalicelib.api.paths import PAGES, routes_of
from chalicelib.api.routing import Operation
from chalicelib.api.table import ALL

PAGE_OPERATIONS = {  # pages share one table of addresses, which each adds its own to
    f"{operation.method} {operation.path}": operation
    for page in PAGES
    for operation in routes_of("pages", page).operations
}
EVERY: dict[str, Operation] = {
    **{
        f"{operation.method} {operation.path}": operation
        for routes in ALL
        for operation in routes.operations
    },
    **PAGE_OPERATIONS,
}
