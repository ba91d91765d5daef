//! The PyO3 door of the engine: commands in, events out, no decision.

#![forbid(unsafe_code)]

mod engine;
mod events;

use pyo3::prelude::*;

/// The embedded media engine; what it promises is written in `_engine.pyi`.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::engine::{Engine, EngineBusy};
    #[pymodule_export]
    use super::events::{
        Answered, AudioLevels, Closed, Connected, Data, Offered, PeerStats, Refused, StreamState,
        TrackStarted, Unreachable,
    };
    use super::*;

    /// The version of the engine.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The type aliases of `_engine.pyi`, so that code may import them at run time too.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        events::add_aliases(module)
    }
}
