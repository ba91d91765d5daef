"""Asks a media plane to forward: the port `MediaEngine` and what fulfils it. The only package that knows the engine."""
