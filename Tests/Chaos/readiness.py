"""Whether a gateway says that it is ready."""

import urllib.error
import urllib.request


def readiness(url):
    try:
        with urllib.request.urlopen(url + "/readyz", timeout=5) as response:
            return str(response.status)
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode(errors='replace')[:120]}"
    except OSError as error:
        return str(error)
