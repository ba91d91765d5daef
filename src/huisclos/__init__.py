"""Huis Clos: group video conferences behind closed doors. The package itself holds no code; `app` puts it together."""
