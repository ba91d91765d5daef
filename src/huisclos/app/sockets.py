"""Opens the listening HTTP sockets, so that a port that is taken is told in words before anything else starts."""

import errno
import socket
from contextlib import suppress

from huisclos.model.errors import StartRefused

_BACKLOG = 2048


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on `host`, or on every IPv4 and IPv6 address if that is empty. Raises StartRefused."""
    if not host and socket.has_dualstack_ipv6():
        with suppress(OSError):  # a kernel without IPv6 still has the constants
            probe = socket.socket(socket.AF_INET6)
            probe.close()
            return [_bound(socket.AF_INET6, ("::", port), port)]
    if not host:
        return [_bound(socket.AF_INET, ("0.0.0.0", port), port)]  # noqa: S104  # what the operator asked for by default
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise StartRefused(f"host {host!r} is no address of this machine ({error.strerror})") from None
    return [_bound(family, address, port) for family, _, _, _, address in found[:1]]


def _bound(family: socket.AddressFamily, address: object, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))  # type: ignore[index]
        opened.bind(address)  # type: ignore[arg-type]
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise StartRefused(_explained(error, port)) from None
    opened.setblocking(False)
    return opened


def _explained(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"TCP port {port} is taken by another program: choose another with HUISCLOS_PORT or --port"
        case errno.EACCES:
            return f"TCP port {port} needs more rights: choose one above 1023 with HUISCLOS_PORT or --port"
        case _:
            return f"cannot listen on TCP port {port}: {error.strerror} (HUISCLOS_PORT, HUISCLOS_HOST)"
