//! A real `Sfu` in the simulated world: lossy lines, virtual time, callers like livekit-client's.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of it"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_sfu::{Arena, Command, Event, Name, Outlet, Sfu, SfuConfig, Wish};
use huisclos_sim::{Caller, Layers, Received, Server, World};

const ADDRESS: &str = "10.0.0.1:7882";
/// Pictures come every 40 ms: packets of each layer, about 80, 280 and 800 kbit/s.
pub const PICTURE: [usize; 3] = [1, 2, 4];

pub struct Simulated {
    pub sfu: Sfu,
    pub events: Vec<Event>,
}

struct Sink<'a>(&'a mut dyn FnMut(SocketAddr, &[u8]));

impl Outlet for Sink<'_> {
    fn flush(&mut self, arena: &mut Arena) {
        for run in arena.runs() {
            for datagram in arena.bytes()[run.bytes.clone()].chunks(run.segment) {
                (self.0)(run.path.remote, datagram);
            }
        }
        arena.clear();
    }
}

impl Server for Simulated {
    fn handle(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &[u8],
    ) {
        self.sfu
            .handle_datagram(now, source, destination, &mut datagram.to_vec());
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sfu.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.sfu.next_timeout()
    }

    fn transmit(&mut self, now: Instant, send: &mut dyn FnMut(SocketAddr, &[u8])) {
        let mut sink = Sink(send);
        self.sfu.end_round(now, &mut sink);
        sink.flush(self.sfu.arena());
        while let Some(event) = self.sfu.poll_event() {
            self.events.push(event);
        }
    }
}

/// A call in one room, all connected over perfect lines. The first caller publishes, the others receive it.
pub struct Call {
    pub world: World<Simulated>,
}

impl Call {
    pub fn new(seed: u64, listeners: usize) -> Self {
        let address: SocketAddr = ADDRESS.parse().unwrap();
        let config = SfuConfig {
            candidates: vec![address],
            max_peers: 100,
        };
        let server = Simulated {
            sfu: Sfu::new(config).unwrap(),
            events: Vec::new(),
        };
        let mut call = Call {
            world: World::new(server, address, seed),
        };
        call.join("publisher", Layers::Simulcast);
        for number in 0..listeners {
            call.join(&format!("listener-{number}"), Layers::One);
        }
        let connected = call
            .world
            .run_until(|world| world.callers.iter().all(|caller| caller.connected));
        assert!(connected, "the callers did not connect");
        call.publish();
        (0..listeners).for_each(|number| call.subscribe(number + 1));
        call
    }

    fn join(&mut self, name: &str, layers: Layers) {
        let number = self.world.callers.len() as u8 + 2;
        let address = SocketAddr::from(([10, 0, 0, number], 5000));
        let (caller, offer) = Caller::new(name, address, layers, self.world.now);
        let place = self.world.add(caller);
        let (peer, room) = (Name::from(name), Name::from("room"));
        self.command(Command::AddPeer {
            peer: peer.clone(),
            room,
        });
        self.command(Command::Offer {
            peer,
            request: 1,
            sdp: offer,
        });
        let events = &mut self.world.server.events;
        while let Some(event) = self.world.server.sfu.poll_event() {
            events.push(event);
        }
        let answer = events.iter().rev().find_map(|event| match event {
            Event::Answered { peer, sdp, .. } if **peer == *name => Some(sdp.clone()),
            _ => None,
        });
        self.world.callers[place].accept(&answer.expect("an answer"));
    }

    pub fn command(&mut self, command: Command) {
        self.world.server.sfu.command(self.world.now, command);
    }

    fn publish(&mut self) {
        let caller = &self.world.callers[0];
        let sections = [(caller.microphone, "voice"), (caller.camera, "face")];
        for (mid, track) in sections {
            self.command(Command::Publish {
                peer: Name::from("publisher"),
                mid: mid.to_string(),
                track: Name::from(track),
                screen: false,
            });
        }
    }

    fn subscribe(&mut self, place: usize) {
        let caller = &self.world.callers[place];
        let peer = Name::from(caller.name.as_str());
        let sections = [
            (caller.free_audio[0], "voice"),
            (caller.free_video[0], "face"),
        ];
        for (mid, track) in sections {
            self.command(Command::Subscribe {
                peer: peer.clone(),
                mid: mid.to_string(),
                track: Name::from(track),
            });
        }
    }

    /// What the first listener wants to see.
    pub fn prefer(&mut self, quality: u8, paused: bool) {
        let caller = &self.world.callers[1];
        let command = Command::Prefer {
            peer: Name::from(caller.name.as_str()),
            mid: caller.free_video[0].to_string(),
            wish: Wish {
                quality,
                paused,
                ..Wish::default()
            },
        };
        self.command(command);
    }

    /// The publisher speaks and films for `seconds`.
    pub fn talk(&mut self, seconds: u32) {
        for tick in 0..seconds * 50 {
            let (now, millis) = (self.world.now, self.world.millis());
            self.world.callers[0].speak(now, millis);
            if tick % 2 == 0 {
                self.world.callers[0].film(now, millis, PICTURE);
            }
            self.world.run(Duration::from_millis(20));
        }
    }

    /// The first listener's video, in order of its numbers.
    pub fn video(&self) -> Vec<&Received> {
        let listener = &self.world.callers[1];
        listener.received_on(listener.free_video[0])
    }

    pub fn audio(&self) -> Vec<&Received> {
        let listener = &self.world.callers[1];
        listener.received_on(listener.free_audio[0])
    }
}

/// Share of the numbers between the first and the last that are missing.
pub fn missing(packets: &[&Received]) -> f64 {
    let (Some(first), Some(last)) = (packets.first(), packets.last()) else {
        return 1.0;
    };
    let mut numbers: Vec<u64> = packets.iter().map(|packet| packet.sequence).collect();
    numbers.dedup();
    let expected = last.sequence - first.sequence + 1;
    1.0 - numbers.len() as f64 / expected as f64
}

/// The layer of a video packet, by its size.
pub fn layer(packet: &Received) -> u8 {
    match packet.size {
        400 => 0,
        700 => 1,
        1000 => 2,
        other => panic!("a packet of {other} bytes"),
    }
}
