"""Sends things to the outside: mail, calendar files, webhooks. Nothing leaves this server yet."""
