"""Proxies, certificates and names: each is named at once, sends nothing, and is mended in a cell.

The service and its files are behind TLS, with certificates of an authority that is trusted because
SSL_CERT_FILE names it; or behind a proxy, under names that only the proxy knows.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Unreachable, WireFailure
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.operations.current_session import current
from support.fx_service import AUDIO, Studio
from support.networks import Authorities, HttpProxy, MutualTls, TlsFront, refusing
from support.raw_service import RawService, as_json, say
from support.services import OPERATION_ID, Reply

KEY = "spk_tests_only_0123456789"
FX = find_route("fx")
PASSWORD = "Pa55wOrd"  # noqa: S105 - a proxy's that does not exist
SERVICE = "https://service.test/v1"
VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE"),
)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@dataclass
class Network:
    """A service, the ways to it, and the values that a case's environment is made of."""

    studio: Studio
    authorities: Authorities
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    proxies: dict[str, HttpProxy] = field(default_factory=dict)

    def __getitem__(self, name: str) -> object:
        """Return what a case writes as `{name}`: a port, a folder, the authority's file."""
        return {"folder": self.folder, "authority": self.authorities.file, **self.ports}[name]

    def set(self, monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value.format_map(self))

    def forget(self) -> None:
        self.studio.heard.clear()
        for proxy in self.proxies.values():
            proxy.heard.clear()


CERTIFICATES: dict[str, Callable[[Authorities], object]] = {
    "good": lambda from_: from_.certificate("localhost", "127.0.0.1", "service.test", "files.test"),
    "untrusted": lambda from_: from_.unknown("localhost", "service.test", "files.test"),
    "elsewhere": lambda from_: from_.certificate("other.example"),
    "expired": lambda from_: from_.certificate("localhost", begins=-9, ends=-2),
    "early": lambda from_: from_.certificate("localhost", begins=2, ends=9),
}
REFUSALS = {
    "p407": refusing("407 Proxy Authentication Required"),
    "p403": refusing("403 Forbidden"),
    "p302": refusing("302 Found"),
    "p502": refusing("502 Bad Gateway"),
    "p503": refusing("503 Busy"),
    "p429": refusing("429 Slow down"),
    "silent": b"",
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("network")
    (folder / "text.pem").write_text("nothing of the kind")
    (folder / "empty.pem").touch()
    (folder / "certs").mkdir()
    studio, authorities = Studio(), Authorities(folder)
    made = Network(studio, authorities, folder)
    with ExitStack() as stack:
        stack.enter_context(closing(studio))
        plain = int(studio.root.rpartition(":")[2])
        for name, certificate in CERTIFICATES.items():
            front = stack.enter_context(closing(TlsFront(certificate(authorities), plain)))
            made.ports[name] = front.port
        for name, instead in REFUSALS.items():
            made.proxies[name] = stack.enter_context(closing(HttpProxy(instead=instead)))
        for name in ("good", "untrusted"):
            made.proxies[f"to_{name}"] = stack.enter_context(closing(HttpProxy(made.ports[name])))
        tls = authorities.server_context("localhost", "127.0.0.1")
        made.proxies["tls"] = stack.enter_context(closing(HttpProxy(made.ports["good"], tls=tls)))
        mutual = MutualTls(authorities.server_context("localhost"), authorities.file)
        made.ports["mutual"] = stack.enter_context(closing(mutual)).port
        made.ports |= {name: proxy.port for name, proxy in made.proxies.items()}
        made.ports |= {"plain": plain, "closed": free_port()}
        yield made


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass(frozen=True)
class Case:
    """An environment and the service's address; `says` is what is said, `passes` may pass."""

    says: str
    base_url: str = SERVICE
    passes: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        set_to = " ".join(f"{name}={value}" for name, value in self.environment.items())
        return f"{self.base_url if self.base_url != SERVICE else ''} {set_to}".strip()


def case(says: str, base_url: str = SERVICE, *, passes: bool = False, **environment: str) -> Case:
    return Case(says, base_url, passes, environment)


def through(proxy: str, says: str, variable: str = "HTTPS_PROXY", *, passes: bool = False) -> Case:
    return case(says, passes=passes, SSL_CERT_FILE="{authority}", **{variable: proxy})


LOCAL = "https://localhost:{good}/v1"
CASES = [
    case("SSL_CERT_FILE is '/gone.pem', .*no such file", LOCAL, SSL_CERT_FILE="/gone.pem"),
    case("SSL_CERT_FILE .*no certificate in PEM", LOCAL, SSL_CERT_FILE="{folder}/text.pem"),
    case("SSL_CERT_FILE .*no certificate in PEM", LOCAL, SSL_CERT_FILE="{folder}/empty.pem"),
    case("SSL_CERT_FILE .*cannot be used: ", LOCAL, SSL_CERT_FILE="{folder}"),
    case("SSL_CERT_DIR .*no such file", LOCAL, SSL_CERT_DIR="/gone"),
    case("SSL_CERT_DIR .*not a directory", LOCAL, SSL_CERT_DIR="{authority}"),
    case("SSL_CERT_DIR .*openssl rehash", LOCAL, SSL_CERT_DIR="{folder}/certs"),
    case("SSLKEYLOGFILE .*no such file", LOCAL, SSLKEYLOGFILE="/gone/keys"),
    case("localhost:.* of no authority that is trusted here", LOCAL),
    case("REQUESTS_CA_BUNDLE is not read here", LOCAL, REQUESTS_CA_BUNDLE="{authority}"),
    *(
        case(says, f"https://localhost:{{{kind}}}/v1", SSL_CERT_FILE="{authority}")
        for kind, says in {
            "untrusted": "localhost:.* of no authority that is trusted here.* SSL_CERT_FILE",
            "elsewhere": "certificate of localhost:.* for another host",
            "expired": "localhost:.* has expired. This machine's clock says 20",
            "early": "localhost:.* not valid yet. This machine's clock says 20",
            "plain": "localhost:.* does not speak TLS",
            "mutual": "localhost:.* agrees on no TLS connection: .*certificate required",
        }.items()
    ),
    case("localhost:.* speaks TLS", "http://localhost:{good}/v1"),
    case("nobody knows the name mistyped.invalid", "https://mistyped.invalid/v1"),
    *(
        case(says, HTTPS_PROXY=value)
        for value, says in {
            "http://proxy:port": "HTTPS_PROXY is no HOST:PORT",
            "http:proxy:1": "HTTPS_PROXY is no HOST:PORT",
            "http:/proxy:1": "HTTPS_PROXY .*// is missing",
            "http://127.0.0.1:-1": "HTTPS_PROXY must have a port from 1 to 65535, not -1",
            f"http://me:{PASSWORD}/#@proxy:1": "HTTPS_PROXY has a password .* encoded",
            f"http://me:x@{PASSWORD}#@proxy:1": "HTTPS_PROXY has a password .* encoded",
            "http://proxy:99999": "HTTPS_PROXY must have a port from 1 to 65535, not 99999",
            "http://": "HTTPS_PROXY is an address without the host",
            "http://pro xy:1": "HTTPS_PROXY is an address without the host",
            '"http://proxy:1"': "HTTPS_PROXY .*quotation marks",
            "ftp://proxy:1": "HTTPS_PROXY names a proxy of a kind .* ftp://",
            f"http://me:{PASSWORD}@nobody.invalid:1": "HTTPS_PROXY.* the name nobody.invalid",
        }.items()
    ),
    case("ALL_PROXY names a proxy of a kind .* socks://", ALL_PROXY="socks://127.0.0.1:1080/"),
    case("all_proxy names a proxy of a kind .* socks4://", all_proxy="socks4://127.0.0.1:1080"),
    case("ALL_PROXY .*SOCKS.* pip install socksio", ALL_PROXY="socks5://127.0.0.1:1080"),
    case("https_proxy names a SOCKS proxy", https_proxy="socks5h://127.0.0.1:1080"),
    through("http://127.0.0.1:{closed}", "proxy http://127.0.0.1:.* .HTTPS_PROXY. refuses"),
    through("127.0.0.1:{closed}", "proxy http://127.0.0.1:.* .https_proxy. refuses", "https_proxy"),
    through("http://127.0.0.1:{p407}", "HTTPS_PROXY. wants a user and password"),
    through(f"http://me:{PASSWORD}@127.0.0.1:{{p407}}", "or others than these"),
    through("http://127.0.0.1:{p403}", "does not let this machine reach service.test .403."),
    through("http://127.0.0.1:{p302}", "does not let this machine reach service.test .302."),
    through("http://127.0.0.1:{silent}", "HTTPS_PROXY. broke the connection off"),
    through("http://127.0.0.1:{ssh}", "HTTPS_PROXY. broke the connection off"),
    through("http://127.0.0.1:{tls}", "HTTPS_PROXY. speaks TLS.*Write it as https://"),
    through("https://127.0.0.1:{p502}", "HTTPS_PROXY. does not speak TLS.*Write it as http://"),
    through("http://127.0.0.1:{to_untrusted}", "through the proxy .*of no authority"),
    through(
        "http://127.0.0.1:{p502}", "HTTPS_PROXY. cannot reach service.test.* .502", passes=True
    ),
    through("http://127.0.0.1:{p503}", "ALL_PROXY. cannot reach .* .503", "ALL_PROXY", passes=True),
    through("http://127.0.0.1:{p429}", "HTTPS_PROXY. cannot reach .* .429", passes=True),
]


async def exchange(kind: str, base_url: str, url: str) -> None:
    client = Client(base_url, KEY, request_timeout=lambda: 5.0)
    try:
        if kind == "PUT":
            await client.submit(new_request(FX, {"prompt": "a click"}))
        elif kind == "GET":
            await client.read(FX.path, OPERATION_ID, wait=True)
        else:
            async with client.download(url) as download:
                [_ async for _ in download.chunks]
    finally:
        await client.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_is_named_by_every_kind_of_request_and_nothing_is_sent(case, network, monkeypatch):
    network.set(monkeypatch, **case.environment)
    network.forget()
    base_url = case.base_url.format_map(network)
    for kind in ("PUT", "GET", "download"):
        began = time.monotonic()
        if kind == "download" and base_url.startswith("http://"):
            continue  # the address of a file has a scheme of its own
        with pytest.raises(Unreachable, match=case.says) as caught:
            asyncio.run(exchange(kind, base_url, f"{base_url}/take"))
        failure = caught.value
        assert (failure.never, failure.undelivered) == (not case.passes, True), failure
        assert PASSWORD.lower() not in f"{failure}{failure!r}{vars(failure)}".lower()
        assert time.monotonic() - began < 4  # a machine under load has its pauses
    assert network.studio.heard == []
    assert all(
        "service.test:443" in head for each in network.proxies.values() for head in each.heard
    )


MALFORMED = (
    "[::1]",
    "fe80::/10",
    "[fd00::]/8",
    "http://[",
    ":",
    "a:b:c",
    "*.",
    "10.0.0.0/99",
    "\u2603",
)


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("entry", MALFORMED)
def test_no_entry_of_no_proxy_stands_in_the_way(name, entry, network, monkeypatch):
    network.set(monkeypatch, SSL_CERT_FILE="{authority}", HTTPS_PROXY="127.0.0.1:{to_good}")
    monkeypatch.setenv(name, f"{entry}, localhost")
    network.forget()
    asyncio.run(exchange("PUT", SERVICE, ""))
    assert len(network.studio.heard) == len(network.proxies["to_good"].heard) == 1


@pytest.mark.parametrize(
    ("entry", "host", "spared"),
    [
        ("*", "service.test", True),
        ("service.test", "service.test", True),
        ("SERVICE.TEST:443", "service.test", True),
        ("service.test:8443", "service.test", False),
        ("a.example service.test", "service.test", True),
        (".test", "service.test", True),
        ("*.test", "service.test", True),
        ("vice.test", "service.test", False),
        ("https://service.test/", "service.test", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fd00::/8", "[fd12::1]", True),
        ("[fd12::1]", "[fd12::1]", True),
        ("[fd12::1]:443", "[fd12::1]", True),
    ],
)
def test_no_proxy_spares_hosts_domains_networks_and_ports(
    entry, host, spared, network, monkeypatch
):
    """The proxy refuses; what it is not asked for is not found, or leads nowhere from here."""
    network.set(monkeypatch, https_proxy="127.0.0.1:{p403}", NO_PROXY=entry)
    network.forget()
    with pytest.raises((WireFailure, TimeoutError)):
        asyncio.run(asyncio.wait_for(exchange("GET", f"https://{host}/v1", ""), 0.3))
    assert (network.proxies["p403"].heard == []) == spared


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, network: Network) -> Iterator[None]:
    """Set everything that can be wrong at a time."""
    with monkeypatch.context() as patch:
        network.set(
            patch,
            SSL_CERT_FILE="/gone.pem",
            SSL_CERT_DIR="/gone",
            SSLKEYLOGFILE="/gone/keys",
            HTTP_PROXY="http://proxy:port",
            http_proxy="http://proxy:port",
            HTTPS_PROXY="socks://nobody.invalid",
            ALL_PROXY="socks5://nobody.invalid",
            NO_PROXY="[::1],http://[",
        )
        yield


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_plain_http_on_this_machine_asks_for_none_of_them(host, network, monkeypatch):
    answer = as_json({"fx": {"id": OPERATION_ID, "status": "processing"}})
    with broken(monkeypatch, network), closing(RawService(say(answer), host)) as service:
        asyncio.run(exchange("PUT", service.base_url, ""))
        assert len(service.heard) == 1


def test_the_embedded_sandbox_works_with_every_one_of_them(home, network, monkeypatch):
    with broken(monkeypatch, network):
        current().services.uses_sandbox = True
        current().sandbox.start(pace=0)
        op = sp.fx("a click", duration=0.5)
        assert op.result(30).status == "ready"
        current().sandbox.stop()


@pytest.mark.parametrize("answered", [False, True])
def test_a_name_that_has_answered_is_not_mistyped_and_may_be_found_again(
    answered, network, monkeypatch
):
    network.set(monkeypatch, SSL_CERT_FILE="{authority}")
    answer = json.dumps({"fx": {"id": OPERATION_ID, "status": "processing"}}).encode()
    network.studio.instead["PUT"] = [Reply(200, answer, {"Connection": "close"})] * answered

    def nobody_knows(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def ask_twice() -> None:
        client = Client(LOCAL.format_map(network), KEY)
        request = new_request(FX, {"prompt": "a click"})
        try:
            if answered:
                await client.submit(request)
            monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
            await client.submit(request)
        finally:
            await client.close()

    with pytest.raises(Unreachable, match="nobody knows the name localhost") as caught:
        asyncio.run(ask_twice())
    assert caught.value.never != answered


# ------------------------------------------------------------------ an operation's way


@pytest.fixture
def behind_proxy(home, hurried, network, monkeypatch) -> Network:
    """A service and its files under names that a proxy alone knows, and a good way to them."""
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", SERVICE)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", KEY)
    monkeypatch.setattr(network.studio, "root", "https://files.test")
    network.set(monkeypatch, **GOOD)
    network.forget()
    network.studio.made.clear()
    return network


GOOD = {
    "SSL_CERT_FILE": "{authority}",
    "HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:{{to_good}}",
}


def click() -> sp.Operation:
    return sp.fx("a click", duration=1)


def stopped(op: sp.Operation, kind: type[sp.SoundpieceError] = sp.ServiceSilent) -> str:
    """Return why an operation stopped, which took little time and no repetition."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        op.result(20)
    assert time.monotonic() - began < 5
    assert current().journal.entry(op.key).retries <= 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"SSL_CERT_FILE": "/gone.pem"}, "SSL_CERT_FILE is '/gone.pem'"),
        ({"HTTPS_PROXY": "socks://127.0.0.1:1"}, "HTTPS_PROXY names a proxy of a kind"),
        ({"HTTPS_PROXY": "http://127.0.0.1:{closed}"}, "(HTTPS_PROXY) refuses connections"),
        ({"HTTPS_PROXY": f"http://me:{PASSWORD}x@127.0.0.1:{{p407}}"}, "user and password"),
        ({"HTTPS_PROXY": "http://127.0.0.1:{to_untrusted}"}, "no authority that is trusted"),
        ({"NO_PROXY": "service.test"}, "nobody knows the name service.test"),
    ],
    ids=str,
)
def test_what_was_not_sent_says_so_and_is_made_once_it_is_mended_in_a_cell(
    wrong, says, behind_proxy, monkeypatch
):
    with monkeypatch.context() as patch:
        behind_proxy.set(patch, **wrong)
        op = click()
        words = stopped(op)
    assert says in words
    assert f"Nothing was sent. Once that is mended, %soundpiece_resume {op.key[:8]}" in words
    entry = current().journal.entry(op.key)
    assert (entry.status, entry.error_code) == ("submitting", "unsent")
    assert PASSWORD not in f"{words}{entry}{sp.history().to_csv()}"
    assert behind_proxy.studio.heard == []
    sp.resume()
    assert op.result(20).outputs[0].path.read_bytes() == AUDIO
    assert list(behind_proxy.studio.made) == [op.key]
    assert current().journal.entry(op.key).error_code is None


def test_a_file_of_certificates_may_be_mended_under_its_name(behind_proxy, monkeypatch):
    mine = behind_proxy.folder / "mine.pem"
    mine.write_text("not yet")
    behind_proxy.set(monkeypatch, SSL_CERT_FILE="{folder}/mine.pem")
    op = click()
    assert "no certificate in PEM" in stopped(op)
    mine.write_bytes(behind_proxy.authorities.file.read_bytes())
    sp.resume(op)
    assert op.result(20).status == "ready"


def test_what_was_not_sent_is_no_accounts_yet(behind_proxy, monkeypatch):
    with monkeypatch.context() as patch:
        behind_proxy.set(patch, HTTPS_PROXY="http://127.0.0.1:{closed}")
        stopped(op := click())
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_of_another_account")
    assert sp.resume() == [op]
    assert op.result(20).status == "ready"


def test_a_request_that_may_have_arrived_is_never_said_to_be_unsent(behind_proxy, monkeypatch):
    """Its first answer is lost; then the proxy is gone."""

    def lose_the_proxy() -> None:
        os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{behind_proxy['closed']}"

    monkeypatch.setenv("HTTPS_PROXY", os.environ["HTTPS_PROXY"])
    behind_proxy.studio.instead["PUT"] = [Reply(hang_up=True)]
    behind_proxy.studio.when["PUT"] = lose_the_proxy
    op = click()
    with pytest.raises(sp.ServiceSilent, match="Whether it was accepted is not known"):
        op.result(20)
    assert current().journal.entry(op.key).error_code == "unreachable"


def test_a_proxy_that_cannot_reach_the_service_for_a_moment_is_named_meanwhile(
    behind_proxy, monkeypatch
):
    with closing(HttpProxy(behind_proxy.ports["good"], instead=refusing("502 No"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        op, troubles = click(), []
        current().engine.run(op.key).subscribe(lambda run: troubles.append(run.trouble))
        while len(proxy.heard) < 2:
            time.sleep(0.01)
        proxy.instead = None
        assert op.result(20).status == "ready"
    assert any("(HTTPS_PROXY) cannot reach service.test" in each for each in troubles if each)
    assert list(behind_proxy.studio.made) == [op.key]


def test_a_proxy_that_has_worked_may_be_away_for_a_moment(behind_proxy, monkeypatch):
    port = behind_proxy.ports["good"]
    with closing(HttpProxy(port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert click().result(20).status == "ready"
    op, troubles = click(), []
    current().engine.run(op.key).subscribe(lambda run: troubles.append(run.trouble))
    while not any("refuses connections" in each for each in troubles if each):
        time.sleep(0.01)
    with closing(HttpProxy(port, port=proxy.port)):
        assert op.result(20).status == "ready"


def test_bytes_that_a_proxy_has_disturbed_are_no_fault_of_the_disk(behind_proxy, monkeypatch):
    with closing(HttpProxy(behind_proxy.ports["good"])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        proxy.whole = 40_000
        op, troubles = click(), []
        current().engine.run(op.key).subscribe(lambda run: troubles.append(run.trouble))
        while not any(troubles):
            time.sleep(0.01)
        proxy.whole = math.inf
        assert op.result(20).outputs[0].path.read_bytes() == AUDIO
    assert {each for each in troubles if each} == {"The connection broke off."}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ("https://localhost:{untrusted}", "of no authority that is trusted here"),
        ("https://localhost:{expired}", "has expired"),
        ("https://localhost:{plain}", "does not speak TLS"),
        ("https://nobody.invalid", "nobody knows the name nobody.invalid"),
    ],
)
def test_what_keeps_a_download_away_is_said_and_it_is_fetched_later(
    files, says, behind_proxy, monkeypatch
):
    behind_proxy.set(monkeypatch, SOUNDPIECE_BASE_URL=LOCAL, NO_PROXY="nobody.invalid")
    with monkeypatch.context() as patch:
        patch.setattr(behind_proxy.studio, "root", files.format_map(behind_proxy))
        op = click()
        words = stopped(op, sp.DownloadFailed)
    assert says in words
    assert "The audio is made and stays yours; fetching it again costs nothing." in words
    assert op.result(20).outputs[0].path.read_bytes() == AUDIO
    assert list(behind_proxy.studio.made) == [op.key]


def test_a_reference_that_cannot_be_looked_up_sends_nothing(behind_proxy, monkeypatch):
    earlier = click()
    earlier.result(20)
    current().close()
    with monkeypatch.context() as patch:
        behind_proxy.set(patch, SSL_CERT_FILE="/gone.pem")
        op = sp.instrumental(reference=earlier)
        words = stopped(op)
    assert "SSL_CERT_FILE is '/gone.pem'" in words
    assert "Nothing was sent." in words
    assert list(behind_proxy.studio.made) == [earlier.key]


def test_a_login_page_is_named_and_its_address_told_without_its_query(behind_proxy, monkeypatch):
    there = {"Location": f"https://login.test/?back={PASSWORD}"}
    behind_proxy.studio.instead["PUT"] = [Reply(302, b"", there)]
    op = click()
    words = stopped(op, sp.RequestRejected)
    assert "leads elsewhere, to login.test: sign in to this network" in words
    assert "Nothing was made or charged." in words
    assert PASSWORD not in words
    behind_proxy.studio.instead["PUT"] = [Reply(511)]
    sp.resume(op)
    troubles = []
    current().engine.run(op.key).subscribe(lambda run: troubles.append(run.trouble))
    assert op.result(20).status == "ready"
    assert "This network wants you to sign in first" in str(troubles)


def test_the_doctor_names_it_though_nothing_is_to_be_asked(behind_proxy, monkeypatch):
    assert "SSL_CERT_FILE" not in str(Examination().begin().result(60))
    behind_proxy.set(monkeypatch, SSL_CERT_FILE="/gone.pem")
    assert "SSL_CERT_FILE is '/gone.pem'" in str(Examination().begin().result(60))
    behind_proxy.set(monkeypatch, HTTPS_PROXY=f"http://me:{PASSWORD}@proxy:port")
    stopped(click())
    said = str(Examination().begin().result(60))
    assert "HTTPS_PROXY is no HOST:PORT" in said
    assert "Unfinished, and followed by nobody: 1 operation" in said
    assert "not known" not in said
    assert PASSWORD not in said
