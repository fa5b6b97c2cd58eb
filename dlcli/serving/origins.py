"""Who may send requests to a server without a token: no page of another site.

A browser sends what a page of any site tells it to, also to servers of this machine, and a site can
give its name the address of one (DNS rebinding). The request names the site then.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from dlcli.serving.problems import RequestError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # they change nothing, and pages cannot read the answer
MAX_SHOWN = 100


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Origins:
    """Hosts and origins whose requests are answered.

    Parameters
    ----------
    hosts : collection of str
        Names of the server, such as that of a proxy before it, besides those of this machine.
    pages : collection of str
        Origins of other pages that may use the server; ``*``: all.
    checks_hosts, checks_pages : bool
        Whether requests for other hosts, and from other pages, are refused.
    """

    hosts: Collection[str] = ()
    pages: Collection[str] = ()
    checks_hosts: bool = True
    checks_pages: bool = True

    def check(self, method: str, host: str, origin: str) -> None:
        """Check the headers of a request.

        Parameters
        ----------
        method : str
        host, origin : str
            Empty if they were not sent: only browsers can be misled, and they send both.

        Raises
        ------
        RequestError
            421 for another host, 403 for a page of another origin.
        """
        if self.checks_hosts and host and not self._is_ours(_name(f"//{host}")):
            raise RequestError(
                421,
                f"the request is for {host[:MAX_SHOWN]!r}, which is no name of this server",
                hint="if it is one, start the server with --allowed-host and the name",
            )
        is_harmless = method in SAFE_METHODS or not origin
        if self.checks_pages and not is_harmless and not self._is_allowed(origin, host):
            raise RequestError(
                403,
                f"the request is from a page of {origin[:MAX_SHOWN]!r}, not of this server",
                hint="to allow it, start the server with --cors and this origin, or with "
                "--allowed-host and its name if it is a proxy",
            )

    def _is_ours(self, name: str) -> bool:
        return is_loopback(name) or name in self.hosts

    def _is_allowed(self, origin: str, host: str) -> bool:
        if origin in self.pages or "*" in self.pages:
            return True
        # Whatever the scheme: a proxy may encrypt. It may also send another Host than the browser.
        return origin.partition("://")[2].lower() == host.lower() or _name(origin) in self.hosts


def origins_for(
    address: str, token: str, hosts: Collection[str], pages: Collection[str]
) -> Origins:
    """Return what a server at an address checks.

    A token is proof enough, since pages of other sites do not know it. Other machines reach a
    server under names that it does not know.

    Parameters
    ----------
    address : str
        On which the server listens.
    token : str
    hosts, pages : collection of str
        As for `Origins`; if hosts are named, only these are allowed.
    """
    names = {_name(f"//{host}") for host in hosts}
    checks_hosts = bool(names) or (not token and is_loopback(address))
    return Origins(names, pages, checks_hosts, checks_pages=not token)


def _name(address: str) -> str:
    """Return the name of the host in an address, in lower case; empty if there is none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
