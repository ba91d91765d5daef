"""The tables of the database. What is not here is not kept: no names, no addresses, no keys but public ones, only hashes."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Dialect, ForeignKey, LargeBinary, MetaData, String, Table, TypeDecorator

metadata = MetaData()


class Seconds(TypeDecorator[datetime]):
    """An aware datetime kept as whole Unix seconds: the same in every database, without time zones to lose."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromtimestamp(value, UTC)


rooms = Table(
    "rooms",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("claim_hash", String(64), nullable=False),
    Column("claimed_by", String(64)),
    Column("encryption", String(16), nullable=False),
    Column("created_at", Seconds, nullable=False),
    Column("last_used_at", Seconds, nullable=False, index=True),
    Column("policy", LargeBinary),
    Column("policy_seq", BigInteger),
)

seats = Table(
    "seats",
    metadata,
    Column("room", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("identity", String(28), nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("certificate", LargeBinary),
)
