"""Parses metrics pages with Prometheus' own Python parsers, one of which is strict about OpenMetrics.

One line of JSON in, one out: {"format", "page"} gives {"families"} or {"error"}. Numbers cross as text, since JSON has no
infinity.
"""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

PARSERS = {"prometheus": prometheus, "openmetrics": openmetrics}

print("ready", flush=True)
for line in sys.stdin:
    question = json.loads(line)
    try:
        families = [
            {
                "name": family.name,
                "type": family.type,
                "samples": [
                    {"name": sample.name, "labels": sample.labels, "value": repr(float(sample.value))}
                    for sample in family.samples
                ],
            }
            for family in PARSERS[question["format"]](question["page"])
        ]
        answer = {"families": families}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
