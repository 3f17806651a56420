#!/usr/bin/env python3
"""Validate a document of crossgrade against its schema: validate.py SCHEMA-DIRECTORY KIND <document

KIND jsonl: every line is an event, and the last one's document is validated against its own schema too. The schemas
themselves are checked against the meta-schema. Exit 77: the validator is not installed.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

folder = pathlib.Path(sys.argv[1])


def check(document, kind):
    schema = json.loads((folder / f"{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
        sys.exit(f"{kind}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")


if sys.argv[2] == "schemas":
    for path in folder.glob("*.schema.json"):
        jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))
elif sys.argv[2] == "jsonl":
    events = [json.loads(line) for line in sys.stdin]
    for event in events:
        check(event, "event")
    if [e["seq"] for e in events] != sorted({e["seq"] for e in events}):
        sys.exit("seq does not rise")
    if events[-1]["type"] != "result":
        sys.exit("the last line is not the result")
    check(events[-1]["document"], events[-1]["document"]["schema"].split("/")[1])
else:
    check(json.load(sys.stdin), sys.argv[2])
