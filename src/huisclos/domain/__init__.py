"""The rules of rooms and doors. Pure: state and `now` come in, new state or a typed error comes out."""
