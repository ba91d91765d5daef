"""One function for each thing a person wants: start a room, knock, admit, enter. Services compose; rules are `domain`'s."""
