//! Who gets which packet: rooms, peers, subscriptions, layers, bandwidth; sans-IO over str0m.
//!
//! str0m speaks ICE, DTLS, SCTP and SDP; all RTP and RTCP is read and written here.
//!
//! ```text
//!  datagram ─▶ demux ─┬─ STUN, DTLS ─▶ Rtc (guarded) ─▶ drive
//!                     ├─ RTCP ─▶ rtcp_in: NACK, TWCC, PLI, RR
//!                     └─ RTP ─▶ rtp_in: open, uplink ─▶ receive ─▶ round
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
mod offering;
mod once;
mod peer;
mod receive;
mod rtcp_in;
mod rtcp_out;
mod rtp_in;
mod section;
mod sfu;
mod tick;
mod track;
mod uplink;

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
