//! The loop that everything of a media worker happens in: commands, datagrams, timers, and what is to be sent.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use huisclos_sfu::{Outlet, Sfu};

use crate::engine::Shared;
use crate::interfaces;
use crate::receive::Receiver;
use crate::send::Sender;

/// Batches of 64 datagrams taken in before timers and commands get their turn: an unbounded drain starves them under load.
const MAX_ROUNDS: usize = 8;
/// Rounds of media begin at least this far apart. What comes in meanwhile waits for the next one: with packets coming in one by
/// one a wake-up, three system calls and one more message for each subscriber would be paid for every one of them. When
/// little comes, the last round is long over and nothing waits.
const ROUND: Duration = Duration::from_micros(1000);
/// Timers run at most this often: with hundreds of peers some deadline is always near, and waking for each would be most of the
/// work of a quiet server.
const TIMER_GRAIN: Duration = Duration::from_millis(5);
/// The loop comes round this often even when nothing happens, to show that it lives.
const IDLE: Duration = Duration::from_millis(500);
const PUBLISH_INTERVAL: Duration = Duration::from_millis(100);
const INTERFACES_INTERVAL: Duration = Duration::from_secs(10);

/// More would only lengthen every client's list of pairs to check.
const MAX_CANDIDATES: usize = 16;

/// Which addresses clients are told.
pub(crate) struct Advertised {
    pub(crate) public: Vec<IpAddr>,
    pub(crate) bind: Vec<IpAddr>,
    pub(crate) loopback: bool,
    pub(crate) port: u16,
}

impl Advertised {
    pub(crate) fn candidates(&self) -> Vec<SocketAddr> {
        let ips = if !self.public.is_empty() {
            self.public.clone()
        } else {
            let mut host = interfaces::host_addresses(self.loopback).unwrap_or_default();
            if !self.bind.is_empty() {
                let unspecified = |v4| {
                    self.bind
                        .iter()
                        .any(|ip| ip.is_unspecified() && ip.is_ipv4() == v4)
                };
                host.retain(|ip| self.bind.contains(ip) || unspecified(ip.is_ipv4()));
            }
            host
        };
        ips.into_iter()
            .take(MAX_CANDIDATES)
            .map(|ip| SocketAddr::new(ip, self.port))
            .collect()
    }
}

/// What there is to do.
#[derive(Default)]
struct Ready {
    commands: bool,
    datagrams: bool,
}

/// Asks for this thread to be woken when its time has come, not up to 50 µs later as Linux does it to save power.
fn precise_sleep() {
    // SAFETY: no pointers; a refusal changes nothing but precision.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000 as libc::c_ulong) };
}

fn sleep_until(at: Instant) {
    let left = at.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

pub(crate) struct MediaThread {
    pub(crate) sfu: Sfu,
    pub(crate) sender: Sender,
    pub(crate) advertised: Advertised,
    pub(crate) shared: Arc<Shared>,
    pub(crate) waits: Vec<libc::pollfd>,
}

impl MediaThread {
    pub(crate) fn run(mut self) {
        precise_sleep();
        let mut receiver = Receiver::new();
        let mut commands = Vec::new();
        let mut published = Instant::now();
        let mut enumerated = published;
        let mut timed = published;
        let mut round_began = published;
        let mut ready = Ready::default();
        while !self.shared.stopping.load(Ordering::Acquire) {
            // After a round that brought something the next is looked for when its time has come, without being woken.
            if !ready.datagrams || self.sfu.is_behind() {
                ready = self.wait(timed);
            }
            let now = Instant::now();
            self.shared.beat(now);
            if ready.commands || self.shared.commands.has_any() {
                self.shared.commands.take(&mut commands);
                for command in commands.drain(..) {
                    self.sfu.command(now, command);
                }
                self.flush();
            }
            if ready.datagrams {
                if !self.sfu.is_behind() {
                    sleep_until(round_began + ROUND);
                }
                round_began = Instant::now();
                ready.datagrams = self.receive(&mut receiver);
            }
            let now = Instant::now();
            if now.duration_since(timed) >= TIMER_GRAIN {
                timed = now;
                self.sfu.handle_timeout(now);
                self.flush();
            }
            self.shared
                .events
                .push_all(std::iter::from_fn(|| self.sfu.poll_event()));
            if now.duration_since(published) >= PUBLISH_INTERVAL {
                published = now;
                self.publish();
            }
            if now.duration_since(enumerated) >= INTERFACES_INTERVAL {
                enumerated = now;
                self.enumerate();
            }
        }
        self.shared.commands.take(&mut commands);
        self.sfu.close_all(Instant::now());
        self.flush();
        self.shared
            .events
            .push_all(std::iter::from_fn(|| self.sfu.poll_event()));
        self.publish();
    }

    /// Sleeps until a datagram, a command or a deadline; timers last ran at `timed`.
    fn wait(&mut self, timed: Instant) -> Ready {
        let now = Instant::now();
        let grain = (timed + TIMER_GRAIN).saturating_duration_since(now);
        if self.sfu.is_behind() {
            return Ready {
                commands: true,
                datagrams: true,
            };
        }
        let until = self
            .sfu
            .next_timeout()
            .map_or(IDLE, |at| at.saturating_duration_since(now).min(IDLE))
            .max(grain);
        // Rounded up: waking just before the deadline would only spin.
        let milliseconds = until.as_micros().div_ceil(1000) as libc::c_int;
        let Self {
            waits,
            sender,
            shared,
            ..
        } = self;
        waits.clear();
        let readable = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        waits.extend(sender.sockets().iter().map(|socket| readable(socket.raw())));
        waits.push(readable(shared.commands.raw()));
        // SAFETY: the pollfds are alive during the call and their number is right. An error (EINTR) is a wake-up.
        unsafe {
            libc::poll(
                waits.as_mut_ptr(),
                waits.len() as libc::nfds_t,
                milliseconds,
            )
        };
        let is_ready = |wait: &libc::pollfd| wait.revents != 0;
        let (commands, sockets) = match waits.split_last() {
            Some((commands, sockets)) => (is_ready(commands), sockets.iter().any(is_ready)),
            None => (false, false),
        };
        Ready {
            commands,
            datagrams: sockets,
        }
    }

    /// One round: takes in what waits, forwards it, sends it. Returns whether there was anything.
    fn receive(&mut self, receiver: &mut Receiver) -> bool {
        let mut any = false;
        for index in 0..self.sender.sockets().len() {
            for _ in 0..MAX_ROUNDS {
                let now = Instant::now();
                let Some(socket) = self.sender.sockets().get(index) else {
                    return any;
                };
                let sfu = &mut self.sfu;
                let more = receiver.receive(socket, |source, local, datagram| {
                    any = true;
                    sfu.handle_datagram(now, source, local, datagram);
                });
                self.sfu.end_round(now, &mut self.sender);
                self.flush();
                // An error on a UDP socket is about a datagram that is gone; the next round sees what comes.
                if !more.unwrap_or(false) {
                    break;
                }
            }
        }
        any
    }

    fn flush(&mut self) {
        self.sender.flush(self.sfu.arena());
    }

    fn publish(&self) {
        let mut counters = self.sfu.counters().named();
        counters.extend([
            ("send_calls", self.sender.counters.calls),
            ("send_messages", self.sender.counters.messages),
            ("send_errors", self.sender.counters.errors),
            (
                "segmentation_offload",
                u64::from(self.sender.segmentation()),
            ),
        ]);
        self.shared.set_counters(counters);
    }

    fn enumerate(&mut self) {
        let candidates = self.advertised.candidates();
        self.shared.set_candidates(candidates.clone());
        self.sfu.set_candidates(candidates);
    }
}
