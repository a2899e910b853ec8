"""A placeholder until the interface is there: the names of the functions, and a sign of life."""

from chalice import Chalice, Rate

app = Chalice(app_name="labivaraus")


@app.route("/v1/health")
def health():
    return {"ok": True}


@app.schedule(Rate(1, Rate.MINUTES))
def expire_due(payload):
    return 0


@app.schedule(Rate(1, Rate.MINUTES))
def continue_closures(payload):
    return 0
