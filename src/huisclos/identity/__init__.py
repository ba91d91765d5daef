"""Proves who somebody is: seat keys, host claims, room tokens, and the secrets they rest on. The only package that signs."""
