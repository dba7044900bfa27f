"""What goes wrong with AWS, in words. Its own messages name the caller and more: only codes are
told."""

from __future__ import annotations

_DENIED = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "OptInReq")
_REFUSED = (
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "UnrecognizedClient",
    "AuthFailure",
)
_BUSY = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown")
NO_ANSWER = "it answered with something that is no answer of AWS"
_SENTENCES = {
    "EndpointConnectionError": "it can't be reached",
    "ConnectTimeoutError": "it can't be reached in time",
    "ReadTimeoutError": "it does not answer in time",
    **dict.fromkeys(
        (
            "ResponseParserError",
            "ValueError",
            "KeyError",
            "TypeError",
            "AttributeError",
            "RecursionError",
        ),
        NO_ANSWER,
    ),
    "PaginationError": "its pages lead in a circle",
    "SSLError": "its certificate can't be checked",
    "NoCredentialsError": "there are no credentials",
    "InvalidEndpointDiscoveryConfigurationError": "its address is none",
}


def said_of(error: Exception) -> str:
    """What an error of the client comes to: the end of a sentence, without its full stop."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        name = type(error).__name__
        return _SENTENCES.get(name, f"it failed ({name})")
    code = str(response.get("Error", {}).get("Code", "unknown"))[:80]
    if any(word in code for word in _DENIED) or code == "403":
        return f"the account may not ask for it ({code})"
    if any(word in code for word in _REFUSED):
        return f"the credentials are refused ({code})"
    if any(word in code for word in _BUSY):
        return f"it is busy ({code}): run it again later"
    return f"it answered {code}"
