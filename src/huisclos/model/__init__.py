"""The nouns that packages share: ids, roles, settings, events and errors. No behaviour but their own, no input or output."""
