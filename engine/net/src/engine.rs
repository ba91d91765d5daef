//! The engine as other threads see it: starts and ends the media thread, queues commands, hands out events.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use huisclos_sfu::{Command, Event, Sfu, SfuConfig};

use crate::media_thread::{Advertised, MediaThread};
use crate::queue::{Busy, CommandQueue, EventQueue};
use crate::send::Sender;
use crate::socket;

#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// UDP; 0 takes any free one.
    pub media_port: u16,
    /// Addresses to listen on; empty means all.
    pub bind: Vec<IpAddr>,
    /// What clients are told instead of the host's own addresses.
    pub public_addresses: Vec<IpAddr>,
    /// Also tell clients the loopback addresses.
    pub loopback: bool,
    pub segmentation_offload: bool,
    pub max_peers: usize,
}

pub(crate) struct Shared {
    pub(crate) commands: CommandQueue,
    pub(crate) events: EventQueue,
    pub(crate) stopping: AtomicBool,
    started: Instant,
    /// Milliseconds after `started` at which the media thread last came round.
    heartbeat: AtomicU64,
    counters: Mutex<Vec<(&'static str, u64)>>,
    candidates: Mutex<Vec<SocketAddr>>,
}

impl Shared {
    pub(crate) fn beat(&self, now: Instant) {
        let since = now.saturating_duration_since(self.started).as_millis() as u64;
        self.heartbeat.store(since, Ordering::Relaxed);
    }

    pub(crate) fn set_counters(&self, counters: Vec<(&'static str, u64)>) {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
    }

    pub(crate) fn set_candidates(&self, candidates: Vec<SocketAddr>) {
        *self
            .candidates
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = candidates;
    }
}

pub struct Engine {
    shared: Arc<Shared>,
    media_port: u16,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Binds the media port and starts the media thread.
    ///
    /// # Errors
    /// What the operating system says: the port is taken, an address is not ours, no more threads.
    pub fn start(config: EngineConfig) -> io::Result<Self> {
        let sockets = socket::open(&config.bind, config.media_port)?;
        let media_port = sockets.first().map_or(0, |socket| socket.bound.port());
        let advertised = Advertised {
            public: config.public_addresses,
            bind: config.bind,
            loopback: config.loopback,
            port: media_port,
        };
        let candidates = advertised.candidates();
        let sfu = Sfu::new(SfuConfig {
            candidates: candidates.clone(),
            max_peers: config.max_peers,
        })
        .map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            commands: CommandQueue::new()?,
            events: EventQueue::new()?,
            stopping: AtomicBool::new(false),
            started: Instant::now(),
            heartbeat: AtomicU64::new(0),
            counters: Mutex::default(),
            candidates: Mutex::new(candidates),
        });
        let sender = Sender::new(sockets, config.segmentation_offload);
        let media = MediaThread {
            sfu,
            sender,
            advertised,
            shared: shared.clone(),
            waits: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("huisclos-media".to_owned())
            .spawn(move || media.run())?;
        Ok(Engine {
            shared,
            media_port,
            thread: Mutex::new(Some(thread)),
        })
    }

    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.media_port
    }

    /// Each host candidate offered now.
    #[must_use]
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.shared
            .candidates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Queues `command` and returns at once.
    ///
    /// # Errors
    /// `Busy` when the queue is full; then nothing was queued.
    pub fn command(&self, command: Command) -> Result<(), Busy> {
        self.shared.commands.push(command)
    }

    /// At most `limit` events, oldest first.
    #[must_use]
    pub fn events(&self, limit: usize) -> Vec<Event> {
        self.shared.events.take(limit)
    }

    /// Events that a full queue has dropped.
    #[must_use]
    pub fn lost_events(&self) -> u64 {
        self.shared.events.lost()
    }

    /// Readable while events wait.
    #[must_use]
    pub fn event_descriptor(&self) -> RawFd {
        self.shared.events.raw()
    }

    /// How long ago the media thread last came round its loop.
    #[must_use]
    pub fn heartbeat_age(&self) -> Duration {
        let beat = Duration::from_millis(self.shared.heartbeat.load(Ordering::Relaxed));
        self.shared.started.elapsed().saturating_sub(beat)
    }

    /// Counters since the start, at most a tenth of a second old.
    #[must_use]
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.shared
            .counters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Closes every peer and waits for the media thread to end. May be called again.
    pub fn shutdown(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.commands.wake();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A media thread that panicked is over too.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shutdown();
    }
}
