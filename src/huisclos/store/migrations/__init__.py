"""The steps that bring an older database to today's tables. Steps that were released are never edited."""
