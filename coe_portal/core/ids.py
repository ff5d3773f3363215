"""Opaque, time-ordered ids for business objects."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def ulid() -> str:
    """Return 26 lower-case characters (Crockford's base 32): 48 bits of milliseconds, then 80 random bits.

    Ids made later sort later, so a table's primary key index stays compact and keyset paging needs no other column.
    Source: the ULID specification, lower-cased because SageMaker's job names carry the id.
    """
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
