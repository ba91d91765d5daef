//! Virtual clock, seeded lossy network and fake callers for tests of the sfu.
