"""oracle_compose.py PROGRAM together|each: reads files as hex, one a line; prints what Docker Compose makes of each as an env file:
"key=value" pairs as hex, or "error". Together: all in one call; only where that fails, parts of them alone."""
import json
import pathlib
import subprocess
import sys
import tempfile

PROJECT = "crossgrade"


def config(folder, names):
    """Environment of each service, None when Compose refuses one of the files. No daemon is asked."""
    services = {name: {"image": "x", "env_file": [f"./{name}"]} for name in names}
    project = folder / "compose.json"
    project.write_text(json.dumps({"name": PROJECT, "services": services}), encoding="utf-8")
    done = subprocess.run([sys.argv[1], "-f", project, "config", "--format", "json"], stdin=subprocess.DEVNULL, capture_output=True,
                          env={"HOME": str(folder)}, timeout=60, check=False)
    if done.returncode:
        return None
    # It doubles each $, so that its output can be read as a project again.
    return {name: [(k, v.replace("$$", "$")) for k, v in (service.get("environment") or {}).items()]
            for name, service in json.loads(done.stdout)["services"].items()}


def read(folder, names):
    seen = config(folder, names)
    if seen is not None:
        return seen
    if len(names) == 1:
        return {names[0]: None}
    half = len(names) // 2
    return {**read(folder, names[:half]), **read(folder, names[half:])}


def words(pairs):
    if pairs is None:
        return "error"
    # A bare name that ends the text without a line feed comes as the value of a variable without a name, which nobody can use.
    return " ".join(sorted(f"{k.encode().hex()}={v.encode().hex()}" for k, v in pairs if k))


with tempfile.TemporaryDirectory() as lab:
    here = pathlib.Path(lab)
    all_names = []
    for line in sys.stdin:
        all_names.append(f"f{len(all_names)}")
        (here / all_names[-1]).write_bytes(bytes.fromhex(line.strip()))
    batches = [[name] for name in all_names] if sys.argv[2] == "each" else [all_names]
    answers = {}
    for batch in batches:
        answers.update(read(here, batch))
    for name in all_names:
        print(words(answers[name]))
