"""Tokens of our own making, by the secret of the set-up: good ones, and ones with claims that no issuer would write."""

import base64
import hashlib
import hmac
import json
import time


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload, secret, header='{"alg":"HS256","typ":"JWT"}'):
    """A token with this very text as its claims."""
    message = encoded(header.encode()) + "." + encoded(payload.encode("utf-8", "surrogatepass"))
    return message + "." + encoded(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest())


def token(user, secret, **claims):
    return signed(json.dumps({"sub": user, "exp": int(time.time()) + 3600, **claims}), secret)
