//! Who gets which packet: rooms, peers, subscriptions, layers, bandwidth; sans-IO over str0m.
