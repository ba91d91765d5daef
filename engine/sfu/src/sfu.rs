//! The engine as its driver sees it, and the tables all its parts work on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;
use str0m::config::DtlsCert;
use str0m::crypto::CryptoProvider;

use crate::allocation::Demand;
use crate::api::{Command, Event, Name};
use crate::arena::Arena;
use crate::counters::Counters;
use crate::demux::Handshake;
use crate::forward::RoundPlan;
use crate::keytap;
use crate::levels::Levels;
use crate::peer::Peer;
use crate::receive::RoundPacket;
use crate::track::Track;

#[derive(Clone, Debug)]
pub struct SfuConfig {
    /// Where clients are told to reach us.
    pub candidates: Vec<SocketAddr>,
    pub max_peers: usize,
}

/// Takes what the arena holds to the network when a round of forwarding fills it.
pub trait Outlet {
    /// Send everything and clear the arena.
    fn flush(&mut self, arena: &mut Arena);
}

/// One media worker's whole state: rooms, peers, tracks, and who gets what.
pub struct Sfu {
    pub(crate) config: SfuConfig,
    pub(crate) crypto: Arc<CryptoProvider>,
    /// One for all peers: making one costs a key generation, and nobody gains by having another.
    pub(crate) certificate: DtlsCert,
    pub(crate) peers: Slab<Peer>,
    pub(crate) peer_names: HashMap<Name, usize>,
    pub(crate) tracks: Slab<Track>,
    pub(crate) track_names: HashMap<Name, usize>,
    pub(crate) rooms: Slab<Room>,
    pub(crate) room_names: HashMap<Name, usize>,
    pub(crate) addresses: HashMap<SocketAddr, usize>,
    pub(crate) ufrags: HashMap<Vec<u8>, usize>,
    pub(crate) timers: BinaryHeap<Reverse<Timer>>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) arena: Arena,
    pub(crate) round: Vec<RoundPacket>,
    pub(crate) handshakes: VecDeque<Handshake>,
    pub(crate) counters: Counters,
    pub(crate) plan: RoundPlan,
    /// For allocating layers without allocating memory.
    pub(crate) demands: Vec<Demand>,
    next_serial: u64,
}

/// People who hear each other.
pub(crate) struct Room {
    pub(crate) name: Name,
    pub(crate) peers: usize,
    /// Keyed by publisher.
    pub(crate) levels: Levels<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) at: Instant,
    pub(crate) peer: usize,
    pub(crate) serial: u64,
}

/// The crypto backend can not make a certificate: nothing can work.
#[derive(Debug, thiserror::Error)]
#[error("the crypto library made no DTLS certificate")]
pub struct NoCertificate;

impl Sfu {
    /// # Errors
    /// `NoCertificate` when the crypto library fails.
    pub fn new(config: SfuConfig) -> Result<Self, NoCertificate> {
        let crypto = keytap::provider();
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or(NoCertificate)?;
        Ok(Sfu {
            config,
            crypto: Arc::new(crypto.clone()),
            certificate,
            peers: Slab::new(),
            peer_names: HashMap::new(),
            tracks: Slab::new(),
            track_names: HashMap::new(),
            rooms: Slab::new(),
            room_names: HashMap::new(),
            addresses: HashMap::new(),
            ufrags: HashMap::new(),
            timers: BinaryHeap::new(),
            events: VecDeque::new(),
            arena: Arena::default(),
            round: Vec::new(),
            handshakes: VecDeque::new(),
            counters: Counters::default(),
            plan: RoundPlan::default(),
            demands: Vec::new(),
            next_serial: 0,
        })
    }

    /// Where clients that join from now on are told to reach us.
    pub fn set_candidates(&mut self, candidates: Vec<SocketAddr>) {
        self.config.candidates = candidates;
    }

    /// Does what the control plane asks; what comes of it are events.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.run_command(now, command);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When `handle_timeout` has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse(timer)| timer.at)
    }

    /// What is to be sent now. Whoever sends it clears it.
    pub fn arena(&mut self) -> &mut Arena {
        &mut self.arena
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            peers: self.peers.len() as u64,
            tracks: self.tracks.len() as u64,
            subscriptions: self
                .tracks
                .iter()
                .map(|(_, track)| track.subscribers.len() as u64)
                .sum(),
            ..self.counters
        }
    }

    pub(crate) fn take_serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// Makes sure that `peer` is looked at no later than its earliest deadline.
    pub(crate) fn schedule(&mut self, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let ask_at = peer.uplink.ask_at.unwrap_or(peer.tick_at);
        let at = peer.rtc_timeout.min(peer.tick_at).min(ask_at);
        if peer.scheduled.is_none_or(|scheduled| at < scheduled) {
            peer.scheduled = Some(at);
            self.timers.push(Reverse(Timer {
                at,
                peer: key,
                serial: peer.serial,
            }));
        }
    }
}
