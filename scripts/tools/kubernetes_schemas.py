"""Takes the strict schemas of some Kubernetes versions out of the package kubernetes-validate.

    python3 kubernetes_schemas.py PACKAGE-FOLDER TARGET-FOLDER VERSION...

Their ids are addresses that nothing may be fetched from, so ids go and references become relative.
"""

import json
import sys
from pathlib import Path


def localized(node):
    if isinstance(node, list):
        return [localized(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.removeprefix("/api/") if key == "$ref" and isinstance(value, str) else localized(value)
        for key, value in node.items()
        if not (key == "$id" and isinstance(value, str))
    }


package, target, *versions = sys.argv[1:]
for version in versions:
    folder = Path(target) / version
    folder.mkdir(parents=True)
    source = Path(package) / "kubernetes_validate/kubernetes-json-schema" / f"v{version}-local-strict"
    for file in source.glob("*.json"):
        (folder / file.name).write_text(json.dumps(localized(json.loads(file.read_text()))))
