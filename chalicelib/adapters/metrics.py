"""Metrics through the log, as CloudWatch's embedded metric format has them: no request, no waiting."""

import json
import sys
import time

NAMESPACE = "Labbokning"


def emit(name: str, value: float, unit: str) -> None:
    """One figure of this moment."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[]],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    sys.stdout.write(json.dumps({"_aws": about, name: value}) + "\n")
