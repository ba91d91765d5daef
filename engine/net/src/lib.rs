//! Sockets, timers, threads; drives the sfu; the only crate with unsafe code.
