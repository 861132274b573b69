"""The process that serves HTTP, as it runs."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

from service.home import Home

IMPORTS = """
import json, sys
from service.http.app import create_app_from_environment
client = create_app_from_environment().test_client()
response = client.post("/v1/scenarios", json=json.loads(sys.stdin.read()))
assert response.status_code == 201, response.text
client.get("/docs")
client.get("/v1/markets/testland/curves")
print(",".join(sorted({"pymc", "pytensor", "nutpie", "arviz", "numba", "pandas"} & set(sys.modules))))
"""


def test_planning_over_http_imports_no_sampler(home: Home, document: dict[str, Any]) -> None:
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


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_serve_answers_over_a_socket_what_the_command_line_prints(home: Home, document: dict[str, Any]) -> None:
    port = free_port()
    arguments = ["serve", "--port", str(port), "--home", str(home.settings.home)]
    server = subprocess.Popen(
        [sys.executable, "-m", "service.cli.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:  # granian says when its worker is up; nothing is polled
            if "Started worker-1" in line:
                break
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/scenarios",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            assert response.status == 201
            served = json.load(response)["plan"]
    finally:
        server.terminate()
        server.communicate(timeout=30)
    file = home.settings.home / "scenario.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "service.cli.main", "plan", str(file), "--json", "--home", str(home.settings.home)]
    printed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    for plan in (served, printed):
        plan["certificate"].pop("seconds")
    assert served == printed
