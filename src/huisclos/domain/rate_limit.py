"""How often a thing may be done: token buckets as pure arithmetic, and which network an address counts for."""

import ipaddress
import math
from dataclasses import dataclass

# Whoever has one address of these has all of them, so a limit on less could be walked round.
_IPV4_PREFIX = 24
_IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second` on average."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` were there at `at`, in seconds of a clock that never goes back."""

    tokens: float
    at: float


def full(rate: Rate, now: float) -> Bucket:
    return Bucket(float(rate.burst), now)


def refilled(bucket: Bucket, rate: Rate, now: float) -> Bucket:
    gained = max(0.0, now - bucket.at) * rate.per_second
    return Bucket(min(float(rate.burst), bucket.tokens + gained), max(now, bucket.at))


def take(bucket: Bucket, rate: Rate, now: float, cost: float = 1) -> tuple[Bucket, int]:
    """The bucket after one more try, and the whole seconds to wait: 0 if the try was granted. Refusals cost nothing."""
    current = refilled(bucket, rate, now)
    if current.tokens >= cost:
        return Bucket(current.tokens - cost, current.at), 0
    return current, max(1, math.ceil((cost - current.tokens) / rate.per_second))


def network_of(address: str) -> str:
    """The network that `address` is counted for: its /24 or /64; what is no address counts as one network."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    prefix = _IPV4_PREFIX if parsed.version == 4 else _IPV6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
