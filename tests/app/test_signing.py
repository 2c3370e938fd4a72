"""Signed addresses outlive a change of keys, and end with the key that signed them."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.signing import AddressExpired, check_address, sign_address
from rules import clock
from rules.errors import NotFound
from rules.limits import SIGNED_ADDRESS_LIFE
from tests.sandbox_servers import Servers
from tests.world import development_settings

OLD, NEW = "the key that signed until today" * 2, "the key that signs from now on" * 2


def signed(*keys: str) -> tuple[str, Mapping[str, str]]:
    """A path and query, signed with the first of these keys."""
    parts = urlsplit(sign_address("/exports/payments.csv?company=1", keys=keys, public_url="https://api.test"))
    return parts.path, dict(parse_qsl(parts.query))


def test_an_address_signed_before_the_keys_changed_stays_good_while_its_key_is_listed() -> None:
    """A key that is put before the old one signs from then on; the old one proves what it signed (S39)."""
    check_address(*signed(OLD), keys=[NEW, OLD])
    check_address(*signed(NEW, OLD), keys=[NEW])
    with pytest.raises(NotFound) as refused:
        check_address(*signed(OLD), keys=[NEW])
    assert not isinstance(refused.value, AddressExpired)


def test_an_address_of_an_old_key_is_told_to_be_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is over in the same words as that of any other (S39)."""
    address = signed(OLD)
    later = clock.now() + SIGNED_ADDRESS_LIFE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(AddressExpired):
        check_address(*address, keys=[NEW, OLD])


def key_settings(servers: Servers, **given: str | None) -> Settings:
    return development_settings(servers, **{"signing_key": None, **given})


def test_a_list_of_keys_takes_the_place_of_the_one_key(servers: Servers) -> None:
    """The newest signs access tokens too; without a list the one key does both."""
    listed = key_settings(servers, signing_keys=f"{NEW}, {OLD}")
    assert (listed.address_keys, listed.signing_key.get_secret_value()) == ([NEW, OLD], NEW)
    single = key_settings(servers, signing_key=OLD)
    assert single.address_keys == [OLD]


def test_each_key_of_a_list_is_long_enough(servers: Servers) -> None:
    """A short key could be guessed, also the last of a list."""
    with pytest.raises(ValidationError, match="at least 32 characters"):
        key_settings(servers, signing_keys=f"{'n' * 32},{'o' * 31}")
