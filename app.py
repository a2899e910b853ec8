"""The map: the application, its features, and every function that the clock starts."""

from chalice import Cron, Rate
from chalice.app import CloudWatchEvent, SNSEvent, SQSEvent

from chalicelib.api.application import Application
from chalicelib.api.paths import blueprints

app = Application(app_name="labbokning")

for feature in blueprints():
    app.register_blueprint(feature)


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


@app.schedule(Rate(5, unit=Rate.MINUTES), name="mend_queues")
def mend_queues(_payload: CloudWatchEvent) -> dict[str, int]:
    """Mend what was left of the queues of events, and end what is over by itself."""
    from chalicelib.bootstrap import ports
    from chalicelib.services import events

    return {"events": events.reconcile_all(ports())}


@app.schedule(Rate(1, unit=Rate.MINUTES), name="send_due")
def send_due(_payload: CloudWatchEvent) -> dict[str, int]:
    """Queue the messages that are due, and those whose worker died."""
    from chalicelib.bootstrap import emit, ports
    from chalicelib.services import sender

    found = sender.poll(ports())
    emit("OldestDueSeconds", found.oldest, "Seconds")
    return {"queued": found.queued}


@app.on_sqs_message(queue="messages", batch_size=1, name="send_message")
def send_message(payload: SQSEvent) -> None:
    """Send a message, or do whatever its state asks for."""
    from chalicelib.bootstrap import ports
    from chalicelib.services import sender

    for record in payload:
        sender.work(ports(), record.body)


@app.schedule(Cron(0, 5, "?", "*", "MON-FRI", "*"), name="ask_staff")
def ask_staff(_payload: CloudWatchEvent) -> dict[str, int]:
    """Tell staff in the morning what waits for an answer of theirs."""
    from chalicelib.bootstrap import ports
    from chalicelib.services import sender

    return {"waiting": sender.digest(ports())}


@app.on_sns_message(topic="mail-events", name="mail_events")
def mail_events(payload: SNSEvent) -> dict[str, str]:
    """Settle a message by what SES says of it, and nobody else."""
    import json

    from chalicelib.bootstrap import ports, signed_message
    from chalicelib.services.mail_events import event_of, receive

    (record,) = payload.to_dict()["Records"]  # SNS sends one at a time
    event = event_of(json.loads(signed_message(record["Sns"])))
    return {"done": receive(ports(), event) if event else "not ours"}


@app.schedule(Rate(5, unit=Rate.MINUTES), name="retain")
def retain(_payload: CloudWatchEvent) -> dict[str, int]:
    """Forget whoever is to be forgotten, and at night whatever has been kept for long enough."""
    from chalicelib.bootstrap import emit, ports
    from chalicelib.services import retention

    found = retention.run(ports())
    emit("RetentionOverdue", found.overdue, "Count")
    return {"erasing": found.erasing, "overdue": found.overdue}
