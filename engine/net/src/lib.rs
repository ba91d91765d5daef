//! Sockets, timers and the media thread: drives the sans-IO `huisclos-sfu`; the only crate with `unsafe` code.
//!
//! ```text
//!  any thread ──commands──▶ CommandQueue ─eventfd─▶ ┌──────────────┐ ─▶ Sender (sendmmsg + UDP_SEGMENT) ─▶ network
//!                                                   │ media thread │
//!  any thread ◀──events──── EventQueue  ◀─eventfd── └──────────────┘ ◀─ Receiver (recvmmsg) ◀──────────── network
//! ```

#![deny(unsafe_op_in_unsafe_fn)]

mod engine;
mod eventfd;
mod interfaces;
mod media_thread;
mod queue;
mod receive;
mod send;
mod sockaddr;
mod socket;

pub use engine::{Engine, EngineConfig};
pub use huisclos_sfu::{Channel, CloseReason, Command, Event, Name, PeerStats, Refusal, Wish};
pub use queue::Busy;
