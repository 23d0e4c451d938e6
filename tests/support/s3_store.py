"""An S3 store of a team on loopback: moto's server, spoken to as the real one is."""

from __future__ import annotations

import json
import logging
import urllib.request

import obstore
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

KEY_FOR_TESTS = "team-tests-only-0123456789"


class Store:
    """A store with one bucket, `team`."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        _, port = self._server.get_host_and_port()
        self.root = f"http://127.0.0.1:{port}"
        made = urllib.request.Request(f"{self.root}/team", method="PUT")
        urllib.request.urlopen(made, timeout=10).close()
        self._bucket = S3Store(
            "team",
            endpoint=self.root,
            access_key_id="AKIATESTSONLY",
            secret_access_key=KEY_FOR_TESTS,
            region="us-east-1",
            client_options={"allow_http": True},
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a person sets for it: the bucket, and the credentials as obstore reads them."""
        return {
            "SOUNDPIECE_AUDIO": "s3://team/ours",
            "AWS_ACCESS_KEY_ID": "AKIATESTSONLY",
            "AWS_SECRET_ACCESS_KEY": KEY_FOR_TESTS,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.root,
            "AWS_ALLOW_HTTP": "true",
        }

    def objects(self) -> dict[str, object]:
        """Return the names of all objects, with when each was written."""
        listed = obstore.list(self._bucket).collect()
        return {each["path"]: each["last_modified"] for each in listed}

    def read(self, name: str) -> bytes:
        return bytes(obstore.get(self._bucket, name).bytes())

    def write(self, name: str, content: bytes) -> None:
        obstore.put(self._bucket, name, content)

    def empty(self) -> None:
        obstore.delete(self._bucket, list(self.objects()))

    def stop(self) -> None:
        self._server.stop()


def sent_sources(service) -> list[str]:
    """Return the addresses of the sources that a scripted service was sent."""
    puts = [json.loads(heard.body) for heard in service.heard if heard.method == "PUT"]
    return [put["source"]["url"] for put in puts]
