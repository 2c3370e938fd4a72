"""Addresses of reports: which lead to a public host, and which into somebody's own network."""

import pytest

from rules.addresses import public_url
from rules.errors import Refusal

PUBLIC = [
    "https://example.com",
    "https://example.com/report.pdf",
    "https://Reports.Example.com:8443/a?b=c#d",
    "https://reports.test/1",
    "https://xn--mller-kva.example/",
    "https://example.com./x",
    "https://my_bucket.s3.amazonaws.com/report%20one.pdf?X-Amz-Signature=abc",
    "https://8.8.8.8/report.pdf",
    "https://[2606:4700:4700::1111]/report.pdf",
    "https://local.example.com/localhost",
    "https://thelocal.co/",
]

MALFORMED = [
    "http://example.com/report.pdf",
    "ftp://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com/report.pdf",
    "https:///example.com",
    "https:/example.com",
    "https://",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://exa mple.com/",
    "https://example.com/<script>",
    "https://example.com:port/",
    "https://example.com:99999/",
    "https://[::1/",
]

NOT_PUBLIC = [
    "https://localhost/",
    "https://LOCALHOST./",
    "https://app.localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://vault.internal/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://localhost.localdomain/",
    "https://127.0.0.1/",
    "https://127.0.0.1.:443/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://1.1.1.1.1/",
    "https://1.2.3.0x/",
    "https://256.1.1.1/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[2001:db8::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127\u30020\u30020\u30021/",
    "https://%31%32%37.0.0.1/",
    "https://example..com/",
    "https://-example.com/",
    f"https://{'a' * 64}.com/",
    f"https://{'a.' * 130}com/",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_address_is_taken_as_it_stands(url: str) -> None:
    """An https address of a public host stays as it was typed, but for blanks around it."""
    assert public_url(f" {url} ", field="url") == url


@pytest.mark.parametrize("url", MALFORMED)
def test_what_no_browser_opens_safely_is_refused(url: str) -> None:
    """Other schemes, credentials and addresses that programs read differently are refused by field."""
    with pytest.raises(Refusal) as refused:
        public_url(url, field="url")
    assert refused.value.field == ("url",)
    assert refused.value.message == "url must be an address such as https://example.com/report.pdf."


@pytest.mark.parametrize("url", NOT_PUBLIC)
def test_host_of_a_private_network_is_refused(url: str) -> None:
    """Loopback, private, link-local and metadata hosts are refused in every spelling, without a DNS lookup."""
    with pytest.raises(Refusal) as refused:
        public_url(url, field="url")
    assert refused.value.message == "url must lead to a public host, such as example.com."


def test_host_with_an_invisible_character_is_refused() -> None:
    """A soft hyphen, which browsers drop from a host's name, is refused as in every other line of text."""
    with pytest.raises(Refusal) as refused:
        public_url("https://loc\u00adalhost.com/", field="url")
    assert refused.value.message == "url must not contain invisible formatting characters, such as U+00AD."
