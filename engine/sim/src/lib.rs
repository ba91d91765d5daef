//! Virtual clock, seeded lossy network and fake callers for tests of the sfu.
//!
//! Nothing here waits: `World` moves its clock from one event to the next, so ten seconds of a call take milliseconds and a
//! seed gives the same run each time. (Keys and ICE credentials are random, so bytes differ; timing and loss do not.)

#![forbid(unsafe_code)]

mod caller;
mod link;
mod world;

pub use caller::{Caller, Layers, Received};
pub use link::{Line, Link};
pub use world::{Server, World};
