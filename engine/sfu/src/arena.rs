//! The memory in which outgoing datagrams are written once and from which the sockets send without copying; it knows nothing
//! of what the bytes mean.
//!
//! Datagrams of one size to one destination that are written one after another form a *run*. The kernel takes a whole run in one
//! call (`UDP_SEGMENT`), so writers keep equal-sized packets of one subscriber together.

use std::net::SocketAddr;
use std::ops::Range;

/// Runs are cut here: the kernel takes at most 64 segments a call and a run must fit a UDP length field. 44 and 65,000 are
/// what the measurements were made with.
const MAX_SEGMENTS: usize = 44;
const MAX_RUN_BYTES: usize = 65_000;

/// Past this much the arena wants to be flushed; one subscriber's share of a receive round still fits above it.
const SOFT_BYTES: usize = 4 << 20;
const SOFT_DATAGRAMS: usize = 2048;

/// From which of our addresses (`None`: the kernel chooses) to which of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub local: Option<SocketAddr>,
    pub remote: SocketAddr,
}

/// Adjacent datagrams to one destination, all of `segment` bytes but the last, which may be shorter.
#[derive(Clone, Debug)]
pub struct Run {
    pub path: Path,
    pub bytes: Range<usize>,
    pub segment: usize,
}

impl Run {
    /// How many datagrams this is.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.bytes.len().div_ceil(self.segment.max(1))
    }
}

#[derive(Default)]
pub struct Arena {
    bytes: Vec<u8>,
    runs: Vec<Run>,
    datagrams: usize,
    /// Whether the last run may take another datagram.
    open: bool,
}

impl Arena {
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether it is time to send what is here.
    #[must_use]
    pub fn wants_flush(&self) -> bool {
        self.bytes.len() >= SOFT_BYTES || self.datagrams >= SOFT_DATAGRAMS
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.datagrams = 0;
        self.open = false;
    }

    /// Appends one datagram that `write` puts at the end of the buffer it gets. `write` returns false to take it back.
    /// Returns the datagram's size if it stays.
    pub fn push_with(
        &mut self,
        path: Path,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Option<usize> {
        let start = self.bytes.len();
        if !write(&mut self.bytes) || self.bytes.len() <= start {
            self.bytes.truncate(start);
            return None;
        }
        let size = self.bytes.len() - start;
        self.commit(path, start, size);
        Some(size)
    }

    /// Appends one datagram.
    pub fn push(&mut self, path: Path, datagram: &[u8]) {
        self.push_with(path, |bytes| {
            bytes.extend_from_slice(datagram);
            true
        });
    }

    fn commit(&mut self, path: Path, start: usize, size: usize) {
        self.datagrams += 1;
        if self.open
            && let Some(run) = self.runs.last_mut()
            && run.path == path
            && run.bytes.end == start
            && size <= run.segment
            && run.bytes.len() + size <= MAX_RUN_BYTES
            && run.segments() < MAX_SEGMENTS
        {
            run.bytes.end = start + size;
            self.open = size == run.segment;
            return;
        }
        self.runs.push(Run {
            path,
            bytes: start..start + size,
            segment: size,
        });
        self.open = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Path {
        Path {
            local: None,
            remote: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    #[test]
    fn equal_datagrams_to_one_destination_form_one_run_and_a_shorter_one_ends_it() {
        let mut arena = Arena::default();
        for size in [100, 100, 60, 60] {
            arena.push(path(1), &vec![7; size]);
        }
        let runs: Vec<_> = arena
            .runs()
            .iter()
            .map(|r| (r.segments(), r.segment, r.bytes.len()))
            .collect();
        assert_eq!(runs, [(3, 100, 260), (1, 60, 60)]);
    }

    #[test]
    fn another_destination_or_a_longer_datagram_begins_a_new_run() {
        let mut arena = Arena::default();
        arena.push(path(1), &[0; 10]);
        arena.push(path(2), &[0; 10]);
        arena.push(path(2), &[0; 11]);
        assert_eq!(arena.runs().len(), 3);
    }

    #[test]
    fn a_run_keeps_to_what_the_kernel_takes() {
        let mut arena = Arena::default();
        for _ in 0..100 {
            arena.push(path(1), &[0; 1_500]);
        }
        assert!(
            arena
                .runs()
                .iter()
                .all(|r| r.bytes.len() <= MAX_RUN_BYTES && r.segments() <= MAX_SEGMENTS)
        );
        assert_eq!(arena.runs().iter().map(Run::segments).sum::<usize>(), 100);
    }

    #[test]
    fn a_datagram_taken_back_leaves_no_trace() {
        let mut arena = Arena::default();
        arena.push(path(1), &[1, 2, 3]);
        let taken_back = arena.push_with(path(1), |bytes| {
            bytes.extend_from_slice(&[9; 50]);
            false
        });
        assert_eq!(
            (taken_back, arena.bytes(), arena.runs().len()),
            (None, &[1, 2, 3][..], 1)
        );
    }
}
