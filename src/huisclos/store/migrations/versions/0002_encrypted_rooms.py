"""What encrypted rooms keep: the host's signed policy and certificates. Rooms made before have neither and stay transit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("policy", sa.LargeBinary))
    op.add_column("rooms", sa.Column("policy_seq", sa.BigInteger))
    op.add_column("seats", sa.Column("certificate", sa.LargeBinary))
