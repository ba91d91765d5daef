//! Who gets which packet: rooms, peers, subscriptions, layers, bandwidth; sans-IO over str0m.
//!
//! str0m speaks ICE, DTLS, SCTP and SDP and receives media; all RTP that leaves is written and sealed here.
//!
//! ```text
//!  datagram ─▶ demux ─┬─ STUN, DTLS, RTP ─▶ Rtc (guarded) ─▶ drive ─▶ receive ─▶ round
//!                     └─ RTCP ─▶ rtcp_in: NACK, TWCC, PLI, RR        │
//!                                                                    ▼  end_round
//!  arena ◀─ seal ◀─ header ◀─ continuity ◀──── per subscriber ◀──── forward
//! ```
//!
//! No clock and no socket: `now` is an argument, what is to be sent is in the `Arena`.

#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

mod api;
mod arena;
mod commands;
mod counters;
mod data;
mod demux;
mod drive;
mod exit;
mod forward;
mod guarded;
mod header_template;
mod keytap;
mod layers;
mod negotiation;
mod peer;
mod receive;
mod rtcp_in;
mod rtcp_out;
mod section;
mod sfu;
mod tick;
mod track;

pub mod allocation;
pub mod bandwidth;
pub mod history;
pub mod levels;
pub mod rewrite;
pub mod srtp;

pub use api::{Channel, CloseReason, Command, Event, Name, PeerStats, Refusal, Wish};
pub use arena::{Arena, Path, Run};
pub use counters::Counters;
pub use sfu::{Outlet, Sfu, SfuConfig};
