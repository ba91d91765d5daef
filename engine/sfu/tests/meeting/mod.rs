//! A meeting in memory: one `Sfu`, real str0m clients, a network without loss, and a clock that only this file moves.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of it"
)]

mod line;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_sfu::{Arena, Channel, CloseReason, Command, Event, Name, Outlet, Sfu, SfuConfig};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket};
use str0m::{Candidate, Event as RtcEvent, Input, Output, Rtc};

pub use line::Line;

pub const SERVER: &str = "10.0.0.1:7882";
const STEP: Duration = Duration::from_millis(5);

/// A VP8 payload: descriptor with 15-bit picture id and TL0PICIDX, then a frame header that says keyframe or not.
pub fn vp8(picture: u16, keyframe: bool, size: usize) -> Vec<u8> {
    let mut payload = vec![
        0x90,
        0xE0,
        0x80 | (picture >> 8) as u8,
        picture as u8,
        picture as u8,
        0x20,
    ];
    payload.push(u8::from(!keyframe));
    payload.resize(size.max(8), 0xAB);
    payload
}

pub struct Client {
    pub name: Name,
    pub rtc: Rtc,
    pub address: SocketAddr,
    pub received: Vec<RtpPacket>,
    pub messages: Vec<Vec<u8>>,
    pub keyframes_asked: usize,
    pub connected: bool,
    pub send_audio: Mid,
    pub send_video: Mid,
    pub receive_audio: Mid,
    pub receive_video: Mid,
    channels: HashMap<&'static str, ChannelId>,
    open: Vec<ChannelId>,
    pending: Option<SdpPendingOffer>,
    requests: u64,
    sequences: HashMap<(Mid, Option<Rid>), u64>,
    outbox: Vec<Vec<u8>>,
    simulcast: bool,
}

impl Client {
    /// A client with a microphone, a camera, and one section to receive each.
    fn new(name: &str, address: SocketAddr, now: Instant, simulcast: bool) -> (Client, String) {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut api = rtc.sdp_api();
        let mut add = |kind, direction, layers| api.add_media(kind, direction, None, None, layers);
        let send_audio = add(MediaKind::Audio, Direction::SendOnly, None);
        let mut layers = Simulcast::new();
        for rid in ["q", "h", "f"] {
            layers.add_send_layer(SimulcastLayer::new(rid));
        }
        let send_video = add(
            MediaKind::Video,
            Direction::SendOnly,
            simulcast.then_some(layers),
        );
        let receive_audio = add(MediaKind::Audio, Direction::RecvOnly, None);
        let receive_video = add(MediaKind::Video, Direction::RecvOnly, None);
        let lossy = Reliability::MaxRetransmits { retransmits: 0 };
        let reliable = api.add_channel("_reliable".to_owned());
        let unreliable = api.add_channel_with_config(ChannelConfig {
            label: "_lossy".to_owned(),
            ordered: false,
            reliability: lossy,
            ..ChannelConfig::default()
        });
        let (offer, pending) = api.apply().unwrap();
        let client = Client {
            name: Name::from(name),
            rtc,
            address,
            received: Vec::new(),
            messages: Vec::new(),
            keyframes_asked: 0,
            connected: false,
            send_audio,
            send_video,
            receive_audio,
            receive_video,
            channels: HashMap::from([("_reliable", reliable), ("_lossy", unreliable)]),
            open: Vec::new(),
            pending: Some(pending),
            requests: 1,
            sequences: HashMap::new(),
            outbox: Vec::new(),
            simulcast,
        };
        (client, offer.to_sdp_string())
    }

    fn on_answer(&mut self, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    /// Drains the client and returns what it sends.
    fn poll(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => datagrams.push(transmit.contents.to_vec()),
                Ok(Output::Event(event)) => self.on_event(event),
                Ok(Output::Timeout(_)) | Err(_) => return datagrams,
            }
        }
    }

    fn on_event(&mut self, event: RtcEvent) {
        match event {
            RtcEvent::Connected => self.connected = true,
            RtcEvent::RtpPacket(packet) => self.received.push(packet),
            RtcEvent::ChannelOpen(id, _) => self.open.push(id),
            RtcEvent::ChannelData(data) => self.messages.push(data.data),
            RtcEvent::KeyframeRequest(_) => self.keyframes_asked += 1,
            _ => {}
        }
    }

    pub fn received_on(&self, mid: Mid) -> Vec<&RtpPacket> {
        self.received
            .iter()
            .filter(|packet| packet.header.ext_vals.mid == Some(mid))
            .collect()
    }

    pub fn is_open(&self, label: &str) -> bool {
        self.channels
            .get(label)
            .is_some_and(|id| self.open.contains(id))
    }

    pub fn say(&mut self, label: &str, message: &[u8]) -> bool {
        let id = self.channels[label];
        self.rtc
            .channel(id)
            .is_some_and(|mut channel| channel.write(true, message).unwrap())
    }

    fn write(
        &mut self,
        mid: Mid,
        rid: Option<Rid>,
        time: u32,
        now: Instant,
        marker: bool,
        payload: Vec<u8>,
    ) {
        let sequence = self.sequences.entry((mid, rid)).or_insert(1000);
        *sequence += 1;
        let pt = self.rtc.media(mid).unwrap().remote_pts()[0];
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, rid).unwrap();
        let extensions = ExtensionValues {
            audio_level: Some(-20),
            voice_activity: Some(true),
            ..Default::default()
        };
        let packet = str0m::rtp::RtpWrite::new(pt, (*sequence).into(), time, now, payload)
            .marker(marker)
            .ext_vals(extensions)
            .nackable(true);
        stream.write_rtp(packet);
    }
}

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
