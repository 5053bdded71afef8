"""Parameters of the connection: TLS is verified unless the user says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from holytui.errors import SharingFailed
from holytui.secret import Secret
from holytui.store.postgres.connection import connect, failure, parameters


@pytest.mark.parametrize(
    ("given", "tls", "environ", "mode"),
    [
        ({"host": "db.example.com"}, "", {}, "verify-full"),
        ({"service": "work"}, "", {}, "verify-full"),
        ({"service": "work", "host": "localhost"}, "", {}, "verify-full"),
        ({}, "", {"PGHOST": "db.example.com"}, "verify-full"),
        ({}, "", {"PGSERVICE": "work"}, "verify-full"),
        ({"host": "localhost,db.example.com"}, "", {}, "verify-full"),
        ({"host": "localhost", "hostaddr": "192.0.2.1"}, "", {}, "verify-full"),
        ({"host": "127.0.0.1.example.com"}, "", {}, "verify-full"),
        ({"host": "localhost"}, "", {}, None),
        ({"host": "127.0.0.2"}, "", {}, None),
        ({"host": "::1"}, "", {}, None),
        ({"host": "/run/postgresql"}, "", {}, None),
        ({}, "", {}, None),
        ({"host": "db.example.com"}, "require", {}, "require"),
        ({"host": "localhost"}, "verify-full", {}, "verify-full"),
        ({"host": "db.example.com", "sslmode": "verify-ca"}, "disable", {}, "verify-ca"),
        ({"host": "db.example.com"}, "", {"PGSSLMODE": "require"}, "require"),
    ],
)
def test_certificates_are_verified_unless_the_user_says_otherwise(
    given: dict[str, str], tls: str, environ: dict[str, str], mode: str | None
) -> None:
    found = parameters(given, tls, environ)
    assert found.get("sslmode") == mode
    assert found.get("sslrootcert") == ("system" if mode == "verify-full" else None)


def test_an_own_authority_is_kept() -> None:
    assert parameters({"host": "h", "sslrootcert": "/ca.pem"}, "", {})["sslrootcert"] == "/ca.pem"
    assert "sslrootcert" not in parameters({"host": "h"}, "", {"PGSSLROOTCERT": "/ca.pem"})
    own = Path("~/.postgresql/root.crt").expanduser()
    own.parent.mkdir()
    own.touch()
    assert "sslrootcert" not in parameters({"host": "h"}, "", {})


def test_an_invalid_address_is_not_repeated() -> None:
    with pytest.raises(SharingFailed) as caught:
        connect("postgresql://me:db-secret-9@h:port/x?y")
    assert "db-secret-9" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unreachable_server_is_an_error_without_the_password() -> None:
    with pytest.raises(SharingFailed) as caught:
        connect("postgresql://me:db-secret-9@127.0.0.1:1/x")
    assert "refused" in str(caught.value)
    assert "db-secret-9" not in str(caught.value)


def test_a_server_s_text_is_made_safe() -> None:
    Secret("db-secret-8")
    error = failure(RuntimeError("bad\x1b[31m db-secret-8.\nDETAIL: more"))
    assert error.title == "The shared history cannot be reached: bad\u241b[31m •••"
