//! The PyO3 door of the engine: commands in, events out, no decision.
