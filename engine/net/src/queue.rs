//! The two bounded queues between the media thread and everybody else. A lock is held for a push or a swap only, never while
//! anything is done.

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use huisclos_sfu::{Command, Event};

use crate::eventfd::EventFd;

/// A join is a handful of commands: this is thousands of joins ahead of the media thread.
const MAX_COMMANDS: usize = 16_384;

/// Beyond this, events that may be lost are lost. Those that may not are bounded by the number of peers.
const MAX_EXPENDABLE_EVENTS: usize = 65_536;

/// The command queue is full: the media thread is overloaded or stuck. Nothing was queued.
#[derive(Debug, thiserror::Error)]
#[error("the media thread does not keep up: its command queue is full")]
pub struct Busy;

/// A panic elsewhere must not make the lock fail for ever: the queues hold whole values at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct CommandQueue {
    waiting: Mutex<Vec<Command>>,
    wake: EventFd,
}

impl CommandQueue {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(CommandQueue {
            waiting: Mutex::default(),
            wake: EventFd::new()?,
        })
    }

    pub(crate) fn push(&self, command: Command) -> Result<(), Busy> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= MAX_COMMANDS {
            return Err(Busy);
        }
        waiting.push(command);
        drop(waiting);
        self.wake.signal();
        Ok(())
    }

    /// Moves all that waits into `taken`, which must be empty.
    pub(crate) fn take(&self, taken: &mut Vec<Command>) {
        self.wake.clear();
        std::mem::swap(&mut *lock(&self.waiting), taken);
    }

    pub(crate) fn has_any(&self) -> bool {
        !lock(&self.waiting).is_empty()
    }

    /// Wakes the media thread without a command.
    pub(crate) fn wake(&self) {
        self.wake.signal();
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.wake.raw()
    }
}

pub(crate) struct EventQueue {
    waiting: Mutex<VecDeque<Event>>,
    wake: EventFd,
    lost: AtomicU64,
}

impl EventQueue {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(EventQueue {
            waiting: Mutex::default(),
            wake: EventFd::new()?,
            lost: AtomicU64::new(0),
        })
    }

    /// Queues all of `events`, under one lock.
    pub(crate) fn push_all(&self, events: impl IntoIterator<Item = Event>) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        let mut waiting = lock(&self.waiting);
        for event in events {
            if waiting.len() >= MAX_EXPENDABLE_EVENTS && event.is_expendable() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            } else {
                waiting.push_back(event);
            }
        }
        drop(waiting);
        self.wake.signal();
    }

    /// At most `limit` events, oldest first. The descriptor stays readable while more wait.
    pub(crate) fn take(&self, limit: usize) -> Vec<Event> {
        self.wake.clear();
        let mut waiting = lock(&self.waiting);
        let count = waiting.len().min(limit);
        let taken = waiting.drain(..count).collect();
        let more = !waiting.is_empty();
        drop(waiting);
        if more {
            self.wake.signal();
        }
        taken
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.wake.raw()
    }
}

#[cfg(test)]
mod tests {
    use huisclos_sfu::{CloseReason, Name};

    use super::*;

    fn levels() -> Event {
        Event::AudioLevels {
            room: Name::from("r"),
            levels: vec![],
        }
    }

    #[test]
    fn a_full_event_queue_loses_levels_but_never_a_closed_peer() {
        let queue = EventQueue::new().unwrap();
        queue.push_all((0..MAX_EXPENDABLE_EVENTS + 10).map(|_| levels()));
        let closed = Event::Closed {
            peer: Name::from("p"),
            reason: CloseReason::Removed,
        };
        queue.push_all([closed.clone()]);
        assert_eq!(queue.lost(), 10);
        assert_eq!(queue.take(usize::MAX).last(), Some(&closed));
    }

    #[test]
    fn a_full_command_queue_says_busy_and_queues_nothing() {
        let queue = CommandQueue::new().unwrap();
        let command = || Command::RemovePeer {
            peer: Name::from("p"),
        };
        for _ in 0..MAX_COMMANDS {
            queue.push(command()).unwrap();
        }
        assert!(queue.push(command()).is_err());
        let mut taken = Vec::new();
        queue.take(&mut taken);
        assert_eq!(taken.len(), MAX_COMMANDS);
        assert!(queue.push(command()).is_ok());
    }
}
