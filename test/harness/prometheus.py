"""Parses an exposition on standard input with the Prometheus project's own parser; prints JSON.

The argument says which format it is in: `text` or `openmetrics`.
"""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text

PARSERS = {"text": text, "openmetrics": openmetrics}


def exemplar_of(sample):
    found = sample.exemplar
    if found is None:
        return None
    return {"labels": found.labels, "value": found.value, "timestamp": float(found.timestamp)}


families = [
    {
        "name": family.name,
        "type": family.type,
        "help": family.documentation,
        "samples": [
            {
                "name": sample.name,
                "labels": sample.labels,
                "value": str(sample.value),
                "exemplar": exemplar_of(sample),
            }
            for sample in family.samples
        ],
    }
    for family in PARSERS[sys.argv[1]].text_string_to_metric_families(sys.stdin.read())
]
json.dump(families, sys.stdout)
