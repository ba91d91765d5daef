"""Sends things to the outside: mail, calendar files, webhooks. Nothing leaves a server that runs yet."""
