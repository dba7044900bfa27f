"""Certificates in PEM files. A private key in the same file is passed over, never parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from discovery.configuration.payload import FoundCertificate
from discovery.extra import required

_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", re.ASCII
)


def read_certificate(text: str, path: str) -> FoundCertificate | None:
    """The first certificate of a file, which is the server's own; None where there is none."""
    found = _PEM.search(text)
    if found is None:
        return None
    required("cryptography", "ssh")
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        certificate = x509.load_pem_x509_certificate(found[0].encode())
        return FoundCertificate(
            path,
            certificate.fingerprint(SHA256()).hex(),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
            certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            tuple(_names(certificate)),
        )
    except ValueError:
        return None


def _names(certificate: object) -> Iterator[str]:
    from cryptography import x509

    assert isinstance(certificate, x509.Certificate)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return
    yield from names.value.get_values_for_type(x509.DNSName)
