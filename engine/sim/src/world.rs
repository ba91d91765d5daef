//! Moves virtual time from event to event between one server and its callers, each behind its own pair of links.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::{Caller, Line, Link};

/// A sans-IO server under test.
pub trait Server {
    fn handle(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &[u8],
    );
    /// Do what is due by `now`.
    fn handle_timeout(&mut self, now: Instant);
    fn next_timeout(&self) -> Option<Instant>;
    /// Hand every datagram that is to leave now to `send`, with its destination.
    fn transmit(&mut self, now: Instant, send: &mut dyn FnMut(SocketAddr, &[u8]));
}

/// A server, its callers and the paths between them.
pub struct World<S> {
    pub server: S,
    pub callers: Vec<Caller>,
    pub start: Instant,
    pub now: Instant,
    address: SocketAddr,
    links: Vec<Path>,
    seed: u64,
}

struct Path {
    up: Link,
    down: Link,
}

impl<S: Server> World<S> {
    /// A world without callers; `seed` decides all loss and jitter.
    pub fn new(server: S, address: SocketAddr, seed: u64) -> Self {
        let now = Instant::now();
        Self {
            server,
            callers: Vec::new(),
            start: now,
            now,
            address,
            links: Vec::new(),
            seed,
        }
    }

    /// Milliseconds since the start.
    pub fn millis(&self) -> u32 {
        (self.now - self.start).as_millis() as u32
    }

    /// Put a caller into the world, on perfect lines. Returns its place in `callers`.
    pub fn add(&mut self, caller: Caller) -> usize {
        self.seed = self.seed.wrapping_add(2);
        self.links.push(Path {
            up: Link::new(Line::default(), self.seed),
            down: Link::new(Line::default(), self.seed.wrapping_add(1)),
        });
        self.callers.push(caller);
        self.callers.len() - 1
    }

    /// From the caller to the server.
    pub fn up(&mut self, caller: usize) -> &mut Link {
        &mut self.links[caller].up
    }

    /// From the server to the caller.
    pub fn down(&mut self, caller: usize) -> &mut Link {
        &mut self.links[caller].down
    }

    /// Let `time` pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.turn();
        while let Some(next) = self.next_event().filter(|next| *next < end) {
            // A millisecond at least: many timers a microsecond apart would only cost time.
            self.now = next.max(self.now + Duration::from_millis(1)).min(end);
            self.turn();
        }
        self.now = end;
        self.turn();
    }

    /// Let time pass until `done`, a minute at most; false if it did not come to that.
    pub fn run_until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        for _ in 0..6000 {
            if done(self) {
                return true;
            }
            self.run(Duration::from_millis(10));
        }
        false
    }

    fn next_event(&self) -> Option<Instant> {
        let callers = self.callers.iter().map(Caller::timeout);
        let arrivals = self
            .links
            .iter()
            .flat_map(|path| [path.up.next_arrival(), path.down.next_arrival()]);
        callers
            .chain(arrivals.flatten())
            .chain(self.server.next_timeout())
            .min()
    }

    /// Do everything that is due now.
    fn turn(&mut self) {
        let (now, address) = (self.now, self.address);
        for (caller, path) in self.callers.iter_mut().zip(&mut self.links) {
            while let Some(datagram) = path.down.receive(now) {
                caller.handle(now, address, &datagram);
                caller.poll(now, |datagram| path.up.send(now, datagram));
            }
            if caller.timeout() <= now {
                caller.handle_timeout(now);
            }
            caller.poll(now, |datagram| path.up.send(now, datagram));
            while let Some(datagram) = path.up.receive(now) {
                self.server.handle(now, caller.address, address, &datagram);
            }
        }
        self.server.handle_timeout(now);
        let (callers, links) = (&self.callers, &mut self.links);
        self.server.transmit(now, &mut |destination, datagram| {
            let receiver = callers
                .iter()
                .position(|caller| caller.address == destination);
            if let Some(path) = receiver.and_then(|receiver| links.get_mut(receiver)) {
                path.down.send(now, datagram.to_vec());
            }
        });
    }
}
