//! What the engine counts since its start; told to the operator, never used for a decision.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: u64),* }

        impl Counters {
            /// Each counter with its name.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

counters! {
    packets_in,
    bytes_in,
    packets_out,
    bytes_out,
    /// RTP packets sent to subscribers, resends not included.
    forwarded,
    /// From addresses that no peer has shown to be its own, or for no ICE user of ours.
    dropped_unknown,
    dropped_malformed,
    /// Handshake datagrams beyond what may wait.
    handshakes_dropped,
    /// Sealed datagrams that did not open, or could not be sealed.
    srtp_failed,
    /// Packets that a publisher has sent again because we asked for them.
    repaired,
    nacks_in,
    nacks_sent,
    rtx_sent,
    plis_in,
    plis_sent,
    /// Packets that a subscriber has no codec for.
    unmatched_formats,
    data_in,
    data_out,
    data_dropped,
    panics,
    peers,
    tracks,
    subscriptions,
}
