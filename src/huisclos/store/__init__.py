"""Keeps and finds rooms and seats, in SQLite or PostgreSQL. The only package with SQL; it rules on nothing."""
