//! A meeting in memory: one `Sfu`, real str0m clients, a network without loss, and a clock that only this file moves.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of it"
)]

mod client;
mod line;

use huisclos_sfu::{Arena, Channel, CloseReason, Command, Event, Name, Outlet, Sfu, SfuConfig};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::Input;
use str0m::media::Rid;
use str0m::net::{Protocol, Receive};

pub use client::{Client, vp8};
pub use line::Line;

pub const SERVER: &str = "10.0.0.1:7882";
const STEP: Duration = Duration::from_millis(5);

/// Keeps all that leaves, as the network would see it.
#[derive(Default)]
pub struct Wire {
    pub datagrams: Vec<(SocketAddr, Vec<u8>)>,
}

impl Outlet for Wire {
    fn flush(&mut self, arena: &mut Arena) {
        for run in arena.runs() {
            for datagram in arena.bytes()[run.bytes.clone()].chunks(run.segment) {
                self.datagrams.push((run.path.remote, datagram.to_vec()));
            }
        }
        arena.clear();
    }
}

pub struct Meeting {
    pub sfu: Sfu,
    pub now: Instant,
    pub clients: Vec<Client>,
    pub events: Vec<Event>,
    /// Everything the server has sent so far.
    pub sent: Vec<(SocketAddr, Vec<u8>)>,
    pub keep_sent: bool,
    /// Media to this client goes over a bad line.
    pub line: Option<(usize, Line)>,
    joined: u8,
    frames: u16,
}

impl Meeting {
    pub fn new() -> Meeting {
        let config = SfuConfig {
            candidates: vec![SERVER.parse().unwrap()],
            max_peers: 100,
        };
        Meeting {
            sfu: Sfu::new(config).unwrap(),
            now: Instant::now(),
            clients: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
            keep_sent: false,
            line: None,
            joined: 0,
            frames: 0,
        }
    }

    /// A meeting of `names`, all connected.
    pub fn of(names: &[&str]) -> Meeting {
        let mut meeting = Meeting::new();
        for name in names {
            meeting.join(name);
        }
        meeting.all_connect();
        meeting
    }

    pub fn all_connect(&mut self) {
        self.run_until(|meeting| {
            meeting
                .clients
                .iter()
                .all(|client| client.connected && client.is_open("_reliable"))
        });
    }

    pub fn join(&mut self, name: &str) -> usize {
        self.join_with(name, false)
    }

    /// Joins somebody whose camera sends three layers.
    pub fn join_with(&mut self, name: &str, simulcast: bool) -> usize {
        self.joined += 1;
        let number = self.joined + 1;
        let (client, offer) = Client::new(
            name,
            SocketAddr::from(([10, 0, 0, number], 5000)),
            self.now,
            simulcast,
        );
        let peer = client.name.clone();
        self.clients.push(client);
        self.command(Command::AddPeer {
            peer: peer.clone(),
            room: Name::from("room"),
        });
        self.command(Command::Offer {
            peer,
            request: 1,
            sdp: offer,
        });
        self.clients.len() - 1
    }

    pub fn command(&mut self, command: Command) {
        self.sfu.command(self.now, command);
        self.collect_events();
    }

    fn collect_events(&mut self) {
        while let Some(event) = self.sfu.poll_event() {
            if let Event::Answered { peer, sdp, .. } = &event {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.name == *peer)
                    .unwrap();
                client.on_answer(sdp);
            }
            self.events.push(event);
        }
    }

    /// Publishes microphone and camera of the client as `<name>-audio` and `<name>-video`.
    pub fn publish(&mut self, index: usize) {
        let client = &self.clients[index];
        let (peer, audio, video) = (client.name.clone(), client.send_audio, client.send_video);
        for (mid, kind) in [(audio, "audio"), (video, "video")] {
            let track = Name::from(format!("{peer}-{kind}"));
            self.command(Command::Publish {
                peer: peer.clone(),
                mid: mid.to_string(),
                track,
                screen: false,
            });
        }
    }

    /// Lets the client `to` receive what `from` publishes.
    pub fn subscribe(&mut self, to: usize, from: usize) {
        let client = &self.clients[to];
        let (peer, audio, video) = (
            client.name.clone(),
            client.receive_audio,
            client.receive_video,
        );
        let publisher = self.clients[from].name.clone();
        for (mid, kind) in [(audio, "audio"), (video, "video")] {
            let track = Name::from(format!("{publisher}-{kind}"));
            self.command(Command::Subscribe {
                peer: peer.clone(),
                mid: mid.to_string(),
                track,
            });
        }
    }

    /// One picture of `packets` packets and one audio packet from the client. With simulcast each layer sends the
    /// picture, in packets of 400, 700 and 1,000 bytes; `keyframe` says in which layers it is a keyframe.
    pub fn send_layers(&mut self, index: usize, keyframe: [bool; 3], packets: usize) {
        self.frames += 1;
        let (now, picture) = (self.now, self.frames);
        let client = &mut self.clients[index];
        let (audio, video) = (client.send_audio, client.send_video);
        let layers: &[(Option<&str>, usize)] = match client.simulcast {
            true => &[(Some("q"), 400), (Some("h"), 700), (Some("f"), 1000)],
            false => &[(None, 1000)],
        };
        for ((rid, size), keyframe) in layers.iter().zip(keyframe) {
            for part in 0..packets {
                let payload = vp8(picture, keyframe && part == 0, *size);
                let time = u32::from(picture) * 1800;
                client.write(
                    video,
                    rid.map(Rid::from),
                    time,
                    now,
                    part + 1 == packets,
                    payload,
                );
            }
        }
        client.write(
            audio,
            None,
            u32::from(picture) * 960,
            now,
            false,
            vec![0x55; 80],
        );
    }

    /// Sends `frames` pictures, one every 20 ms, the first a keyframe.
    pub fn talk(&mut self, index: usize, frames: usize) {
        for frame in 0..frames {
            self.send_layers(index, [frame == 0; 3], 3);
            self.run(Duration::from_millis(20));
        }
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.step();
        }
    }

    /// Runs until `done`, at most ten seconds.
    pub fn run_until(&mut self, mut done: impl FnMut(&Meeting) -> bool) {
        for _ in 0..2000 {
            if done(self) {
                return;
            }
            self.now += STEP;
            self.step();
        }
        let told: Vec<_> = self
            .events
            .iter()
            .filter(|event| !matches!(event, Event::Answered { .. }))
            .collect();
        panic!("it did not happen within ten seconds; events: {told:?}");
    }

    fn step(&mut self) {
        let (now, server) = (self.now, SERVER.parse().unwrap());
        for client in &mut self.clients {
            let _ = client.rtc.handle_input(Input::Timeout(now));
        }
        // Answers to answers: three passes carry a request, its reply and what that sets off.
        for _ in 0..3 {
            for index in 0..self.clients.len() {
                let client = &mut self.clients[index];
                let address = client.address;
                let mut datagrams = std::mem::take(&mut client.outbox);
                datagrams.extend(client.poll());
                for mut datagram in datagrams {
                    self.sfu
                        .handle_datagram(now, address, server, &mut datagram);
                }
            }
            let mut wire = Wire::default();
            self.sfu.end_round(now, &mut wire);
            self.sfu.handle_timeout(now);
            wire.flush(self.sfu.arena());
            self.collect_events();
            if self.keep_sent {
                self.sent.extend(wire.datagrams.iter().cloned());
            }
            for (remote, datagram) in self.over_the_line(wire.datagrams) {
                self.deliver(remote, &datagram);
            }
        }
    }

    fn deliver(&mut self, remote: SocketAddr, datagram: &[u8]) {
        let (now, server) = (self.now, SERVER.parse().unwrap());
        let client = self
            .clients
            .iter_mut()
            .find(|client| client.address == remote);
        if let (Some(client), Ok(receive)) = (
            client,
            Receive::new(Protocol::Udp, server, remote, datagram),
        ) {
            let _ = client.rtc.handle_input(Input::Receive(now, receive));
            let answers = client.poll();
            client.outbox.extend(answers);
        }
    }

    /// Sends the media of this round over the bad line, if there is one, and returns what arrives otherwise.
    fn over_the_line(&mut self, sent: Vec<(SocketAddr, Vec<u8>)>) -> Vec<(SocketAddr, Vec<u8>)> {
        let Some((index, line)) = &mut self.line else {
            return sent;
        };
        let to = self.clients[*index].address;
        let mut arrived = Vec::new();
        for (remote, datagram) in sent {
            match line::is_media_to(remote, to, &datagram) {
                true => line.send(self.now, datagram),
                false => arrived.push((remote, datagram)),
            }
        }
        arrived.extend(
            line.arrived(self.now)
                .into_iter()
                .map(|datagram| (to, datagram)),
        );
        arrived
    }

    pub fn closed(&self, name: &str) -> Option<CloseReason> {
        self.events.iter().find_map(|event| match event {
            Event::Closed { peer, reason } if &**peer == name => Some(*reason),
            _ => None,
        })
    }

    pub fn data_events(&self) -> Vec<(&str, Channel, &[u8])> {
        let data = self.events.iter().filter_map(|event| match event {
            Event::Data {
                peer,
                channel,
                payload,
            } => Some((&**peer, *channel, &payload[..])),
            _ => None,
        });
        data.collect()
    }

    /// A new offer of the client with new ICE credentials.
    pub fn restart_ice(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let mut api = client.rtc.sdp_api();
        api.ice_restart(true);
        let (offer, pending) = api.apply().unwrap();
        client.pending = Some(pending);
        client.requests += 1;
        let (peer, request, sdp) = (client.name.clone(), client.requests, offer.to_sdp_string());
        self.command(Command::Offer { peer, request, sdp });
    }
}
