"""The map: the application, its features, and every function that the clock starts."""

from chalice import Rate
from chalice.app import CloudWatchEvent

from chalicelib.api.application import Application
from chalicelib.api.http import blueprint
from chalicelib.api.table import ALL
from chalicelib.pages.table import ALL as PAGES

app = Application(app_name="labbokning")

for routes in (*ALL, *PAGES):
    app.register_blueprint(blueprint(routes))


@app.schedule(Rate(1, unit=Rate.MINUTES), name="expire_due")
def expire_due(_payload: CloudWatchEvent) -> dict[str, int]:
    """Release holds that nobody confirmed and requests that nobody answered in time."""
    from chalicelib.bootstrap import ports
    from chalicelib.services import expiry

    return {"expired": expiry.expire_due(ports())}


@app.schedule(Rate(1, unit=Rate.MINUTES), name="continue_closures")
def continue_closures(_payload: CloudWatchEvent) -> dict[str, int]:
    """Go on with long closures, day by day."""
    from chalicelib.bootstrap import ports
    from chalicelib.services import closures

    return {"closures": closures.continue_all(ports())}
