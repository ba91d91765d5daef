"""The calls in progress as pure state machines: what came in and the time go in, what to send and to command comes out.

Speaks LiveKit's protocol: `/rtc/v1`, one peer connection whose offers always come from the client, and `/rtc`, with a
second one for what the client receives, whose offers come from here. Opens no socket,
reads no clock, draws no random number: ids and times are handed in.
"""
