//! Bytes to fields and back: RTP, RTCP, header extensions, codec descriptors, STUN username.
//!
//! No state, no clock, no allocation. Any bytes give a value or a typed error, never a panic; what is read of a payload
//! is only what end-to-end encryption leaves clear.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod av1;
pub mod demux;
pub mod extension;
pub mod h264;
mod reader;
pub mod rtcp;
pub mod rtp;
pub mod stun;
pub mod twcc;
pub mod vp8;
pub mod vp9;
