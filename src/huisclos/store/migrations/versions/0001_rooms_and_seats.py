"""The first tables: rooms and the seats in them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("claim_hash", sa.String(64), nullable=False),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("encryption", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_rooms_last_used_at", "rooms", ["last_used_at"])
    op.create_table(
        "seats",
        sa.Column("room", sa.String(26), sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("identity", sa.String(28), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
    )
