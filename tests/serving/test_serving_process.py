"""The process that serves HTTP, as it runs."""

import json
import os
import subprocess
import sys
from typing import Any

from serving.server import numbers_of, posted_plan, served

from service.home import Home

IMPORTS = """
import json, sys
from service.http.app import create_app_from_environment
client = create_app_from_environment().test_client()
response = client.post("/v1/scenarios", json=json.loads(sys.stdin.read()))
assert response.status_code == 201, response.text
client.get("/docs")
client.get("/v1/markets/testland/curves")
samplers = {"pymc", "pytensor", "nutpie", "arviz", "numba", "pandas", "scipy"}
others = {"alembic", "altair", "dbos", "httpx", "openpyxl", "pyarrow", "rich"}
print(",".join(sorted((samplers | others) & set(sys.modules))))
"""


def test_planning_over_http_imports_no_sampler_and_nothing_that_others_need(
    home: Home, document: dict[str, Any]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        input=json.dumps(document),
        env=os.environ | {"MIXPLAN_HOME": str(home.settings.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_serve_answers_over_a_socket_what_the_command_line_prints(home: Home, document: dict[str, Any]) -> None:
    with served(home.settings.home) as address:
        posted = posted_plan(address, document)
    file = home.settings.home / "scenario.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "service.cli.main", "plan", str(file), "--json", "--home", str(home.settings.home)]
    printed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert numbers_of(posted) == numbers_of(printed)
