//! The key agreement of a room that is encrypted end to end: MLS (RFC 9420) by OpenMLS, and over it the rules of hc-e2ee v1 about who may
//! change a group. `docs/develop/e2ee.md` describes the protocol.
//!
//! ```text
//! host (C ABI) → ops (CBOR) → session ← entering, changing, hearing → rules → leaf, policy → derive, cbor
//! ```
//!
//! No network, no storage, no clock of its own: bytes go in, bytes come out. Any bytes give a value or a typed refusal, never a panic.

#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod cbor;
pub mod changing;
pub mod derive;
pub mod entering;
pub mod error;
pub mod hearing;
#[allow(unsafe_code)]
mod host;
pub mod leaf;
pub mod ops;
pub mod policy;
pub mod rules;
pub mod session;

#[cfg(test)]
mod tests;
