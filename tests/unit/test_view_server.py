"""The server of `spikelearn view` refuses all but its own page."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from view_messages import recorded_run, small_network, unpacked

import spikelearn as sl
from spikelearn.errors import DescriptionError, ExperimentError
from spikelearn.viewer.live import LiveNetwork
from spikelearn.viewer.recorded import RecordedRun
from spikelearn.viewer.server import MOST_BYTES, MOST_PAGES, page_files
from spikelearn.viewer.session import ACTIONS, AHEAD
from spikelearn.viewer.shown import Viewing

client = pytest.importorskip("websockets.sync.client")
from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402


@pytest.fixture(scope="module")
def recorded():
    with Viewing(RecordedRun(recorded_run(100), "recorded"), 0) as viewing:
        yield viewing


@pytest.fixture(scope="module")
def live():
    with Viewing(LiveNetwork(small_network(), "live"), 0) as viewing:
        yield viewing


def parts(viewing):
    """Port and token of an address."""
    return viewing._server.port, viewing._server.token


def get(viewing, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", parts(viewing)[0], timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


def connected(viewing, token=None, origin=None, host="127.0.0.1"):
    port, right = parts(viewing)
    return client.connect(
        f"ws://{host}:{port}/{right if token is None else token}/socket",
        origin=f"http://127.0.0.1:{port}" if origin is None else origin, max_size=None, proxy=None,
    )  # fmt: skip


def told(socket, what):
    """The next message of a kind, among others."""
    for _ in range(200):
        message = socket.recv(timeout=10)
        found = json.loads(message) if isinstance(message, str) else unpacked(message)[0]
        if found["what"] == what:
            return found
    raise AssertionError(f"no {what!r} came")


def test_the_page_and_its_files(recorded):
    _, token = parts(recorded)
    page = get(recorded, f"/{token}/")
    assert page.status == 200 and b"main.js" in page.content
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for name, content in page_files().items():
        found = get(recorded, f"/{token}/{name}")
        assert found.status == 200 and found.content == content
        assert found.headers["x-content-type-options"] == "nosniff"
    assert {"index.html", "style.css", "main.js"} <= set(page_files())


@pytest.mark.parametrize("path", ["/", "/index.html", "/main.js", "/{wrong}/", "/{token}x/", "/{cut}/", "//{token}/"])
def test_without_the_token_there_is_nothing(recorded, path):
    _, token = parts(recorded)
    found = get(recorded, path.format(token=token, wrong="A" * len(token), cut=token[:-1]))
    assert found.status == 403
    assert token.encode() not in found.content


OUTSIDE = [
    "/../server.py", "/..%2fserver.py", "/%2e%2e/server.py", "/page/../../server.py", "//etc/passwd",
    "/%2fetc%2fpasswd", "/..\\server.py", "/main.js%00.html", "/socket/..", "/server.py", "/main.js/", "/" + "a" * 4000,
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:30])
def test_paths_outside_are_refused(recorded, path):
    _, token = parts(recorded)
    found = get(recorded, f"/{token}{path}")
    assert found.status in (403, 404)
    assert b"def " not in found.content and b"root:" not in found.content


def test_another_host_is_refused(recorded):
    port, token = parts(recorded)
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", ""):
        assert get(recorded, f"/{token}/", Host=host).status == 403
    assert get(recorded, f"/{token}/", Host=f"localhost:{port}").status == 200


def test_only_this_machine_is_listened_to(recorded):
    port, _ = parts(recorded)
    assert recorded._server._socket.getsockname() == ("127.0.0.1", port)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(recorded, method):
    _, token = parts(recorded)
    assert get(recorded, f"/{token}/", method).status == 405


OTHERS = [
    "http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", "file://", "http://localhost:1",
    "http://127.0.0.1:{port}.evil.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", OTHERS)
def test_the_socket_refuses_another_origin(live, origin):
    with pytest.raises(InvalidStatus) as refused, connected(live, origin=origin.format(port=parts(live)[0])):
        pass
    assert refused.value.response.status_code == 403


def test_the_socket_refuses_no_origin_and_a_wrong_token(live):
    port, token = parts(live)
    with pytest.raises(InvalidStatus), client.connect(f"ws://127.0.0.1:{port}/{token}/socket", proxy=None):
        pass
    for wrong in ("A" * len(token), token[:-1], "socket"):
        with pytest.raises(InvalidStatus), connected(live, token=wrong):
            pass


def test_the_page_gets_what_there_is_and_frames(live):
    with connected(live) as page:
        structure = told(page, "structure")
        assert structure["mode"] == "live" and len(structure["parts"]) == 6
        frame = told(page, "frame")
        assert frame["state"]["paused"] is False
        page.send(json.dumps({"do": "set", "part": "population:cells", "name": "tau_m", "value": 12.0}))
        values = {each["name"]: each["value"] for each in told(page, "values")["values"]}
        assert values["tau_m"] == 12.0


def test_frames_wait_until_they_are_drawn(live):
    with connected(live) as page:
        told(page, "structure")
        got = []
        with pytest.raises(TimeoutError):
            while len(got) < 10:
                got.append(unpacked(page.recv(timeout=0.4))[0]["what"])
        assert got == ["frame"] * AHEAD
        page.send('{"do": "drawn"}')
        assert told(page, "frame")


def test_a_tile_of_a_recorded_run(recorded):
    with connected(recorded) as page:
        assert told(page, "structure")["mode"] == "recorded"
        page.send(json.dumps({"do": "tile", "level": 0, "index": 0}))
        assert told(page, "tile")["whole"] is True
        page.send(json.dumps({"do": "tile", "level": 3, "index": 8}))
        assert "no tile" in told(page, "error")["text"]
        page.send(json.dumps({"do": "weights", "part": "projection:learning"}))
        assert told(page, "weights")["n"] == 2000


MALFORMED = [
    "", "{", "[]", "1", "null", '"set"', "{}", '{"do": 1}', '{"do": "eval", "code": "1"}', '{"do": "__class__"}',
    '{"do": "serve"}', '{"do": "set"}', '{"do": "set", "part": "population:cells", "name": "tau_m", "value": "1"}',
    '{"do": "set", "part": "population:cells", "name": "tau_m", "value": NaN}',
    '{"do": "set", "part": "population:cells", "name": "tau_m", "value": 1e999}',
    '{"do": "set", "part": "population:cells", "name": "tau_m", "value": true}',
    '{"do": "set", "part": ["population:cells"], "name": "tau_m", "value": 1}',
    '{"do": "set", "part": "population:cells", "name": "tau_m", "value": 1, "more": 1}',
    '{"do": "speed", "value": 0}', '{"do": "speed", "value": -1}', '{"do": "step", "duration": 1e300}',
    '{"do": "choose", "part": "population:cells", "cell": -1}', '{"do": "pause", "on": "yes"}',
    '{"do": "choose", "part": "population:cells", "cell": 1.5}', '{"do": "tile", "level": 0, "index": 0}',
    "[" * 10_000, b"\x00\x01", b'{"do": "drawn"}',
]  # fmt: skip


@pytest.mark.parametrize("message", MALFORMED, ids=lambda each: repr(each)[:60])
def test_malformed_messages_end_the_connection(live, message):
    before = live._live.running.do(lambda: live._live.parts.structure())
    with connected(live) as page:
        told(page, "structure")
        page.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                page.recv(timeout=10)
        assert closed.value.rcvd.code == 1003
    assert live._live.running.do(lambda: live._live.parts.structure()) == before


def test_a_huge_message_ends_the_connection(live):
    with connected(live) as page:
        told(page, "structure")
        with pytest.raises(ConnectionClosed) as closed:
            page.send(json.dumps({"do": "set", "part": "x" * (MOST_BYTES + 1)}))
            while True:
                page.recv(timeout=10)
        assert closed.value.rcvd.code == 1009
    with connected(live) as page:
        assert told(page, "structure")


def test_a_header_without_end_is_refused(recorded):
    with socket.create_connection(("127.0.0.1", parts(recorded)[0]), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: ")
        try:
            for _ in range(64):
                raw.sendall(b"a" * 4096)
                time.sleep(0.001)
            assert b"400" in raw.recv(100)
        except ConnectionError:
            pass


def test_errors_of_changes_are_told_and_the_page_stays(live):
    with connected(live) as page:
        told(page, "structure")
        for message in (
            {"do": "set", "part": "population:nobody", "name": "tau_m", "value": 1.0},
            {"do": "set", "part": "population:cells", "name": "tau_m", "value": -1.0},
            {"do": "set", "part": "population:cells", "name": "_backend", "value": 1.0},
            {"do": "switch", "part": "population:cells", "on": False},
            {"do": "choose", "part": "population:cells", "cell": 1 << 39},
            {"do": "weights", "part": "projection:../x"},
            {"do": "window", "start": 2.0, "stop": 1.0},
        ):
            page.send(json.dumps(message))
            assert told(page, "error")["about"] == message["do"]


def test_only_so_many_pages_look_at_one_network(recorded):
    with contextlib.ExitStack() as open_pages:
        for _ in range(MOST_PAGES):
            open_pages.enter_context(connected(recorded))
        with pytest.raises(InvalidStatus), connected(recorded):
            pass


def test_every_action_checks_all_its_arguments():
    for _, takes, act in ACTIONS.values():
        arguments = act.__code__.co_varnames[1 : act.__code__.co_argcount]
        assert set(takes) == set(arguments)


def test_a_port_that_is_taken_is_an_error(recorded):
    with pytest.raises(ExperimentError, match="cannot be used"):
        Viewing(RecordedRun(recorded_run(10), "x"), parts(recorded)[0])


@pytest.mark.parametrize("wrong", [None, "run.h5", 3])
def test_only_networks_and_runs_are_looked_at(wrong):
    with pytest.raises(DescriptionError, match="expected a Network or a Run"):
        sl.view(wrong, browser=False, block=False)


def test_view_serves_a_network_until_it_is_closed(capsys):
    net = small_network()
    with sl.view(net, block=False, browser=False) as viewing:
        assert viewing.url in capsys.readouterr().err
        with connected(viewing) as page:
            assert told(page, "structure")["title"] == "network"
    assert net.run(1).t_stop == net.time
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", parts(viewing)[0]), timeout=1)


def test_the_command_serves_a_model_until_it_is_interrupted(tmp_path):
    (tmp_path / "shown.py").write_text(
        '"""A model."""\nimport spikelearn as sl\n\n\ndef simulate(rate: float = 20.0, seed: int = 1):\n'
        "    net = sl.Network(seed=seed)\n    net.population(5, sl.Poisson(rate), name='inputs')\n"
        "    return net.run(10)\n"
    )
    command = [
        sys.executable,
        "-m",
        "spikelearn",
        "view",
        str(tmp_path / "shown.py"),
        "--set",
        "rate=30",
        "--no-browser",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        url = re.search(r"http://\S+/", process.stderr.readline()).group()
        with urllib.request.urlopen(url, timeout=20) as page:
            assert page.status == 200 and b"main.js" in page.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.stderr.close()
