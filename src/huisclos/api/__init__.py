"""The outside's way in: HTTP and WebSocket on one side, services on the other. Translates; decides nothing."""
