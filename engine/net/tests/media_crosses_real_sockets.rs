//! Two clients on real UDP sockets, over IPv4 and IPv6, exchange media through the engine and its thread.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use huisclos_net::{CloseReason, Command, Engine, EngineConfig, Event, Name};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event as RtcEvent, Input, Output, Rtc};

const LIMIT: Duration = Duration::from_secs(20);

struct Client {
    name: Name,
    rtc: Rtc,
    socket: UdpSocket,
    send: Mid,
    receive: Mid,
    pending: Option<SdpPendingOffer>,
    connected: bool,
    received: usize,
    sequence: u64,
}

impl Client {
    fn new(name: &str, ip: IpAddr) -> (Client, String) {
        let now = Instant::now();
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(now);
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        let mut api = rtc.sdp_api();
        let send = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let receive = api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let (offer, pending) = api.apply().unwrap();
        let client = Client {
            name: Name::from(name),
            rtc,
            socket,
            send,
            receive,
            pending: Some(pending),
            connected: false,
            received: 0,
            sequence: 1,
        };
        (client, offer.to_sdp_string())
    }

    fn speak(&mut self) {
        let pt = self.rtc.media(self.send).unwrap().remote_pts()[0];
        let (sequence, time) = (self.sequence, self.sequence as u32 * 960);
        self.sequence += 1;
        let packet = RtpWrite::new(pt, sequence.into(), time, Instant::now(), vec![0x55; 60]);
        self.rtc
            .direct_api()
            .stream_tx_by_mid(self.send, None)
            .unwrap()
            .write_rtp(packet);
    }

    fn turn(&mut self) {
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        self.poll();
        let mut buffer = [0; 2000];
        loop {
            let (length, source) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            };
            let local = self.socket.local_addr().unwrap();
            let receive = Receive::new(Protocol::Udp, source, local, &buffer[..length]).unwrap();
            let _ = self
                .rtc
                .handle_input(Input::Receive(Instant::now(), receive));
            self.poll();
        }
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    let _ = self
                        .socket
                        .send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(RtcEvent::Connected) => self.connected = true,
                Output::Event(RtcEvent::RtpPacket(_)) => self.received += 1,
                Output::Event(_) => {}
            }
        }
    }
}

struct Hall {
    engine: Engine,
    clients: Vec<Client>,
    events: Vec<Event>,
}

impl Hall {
    fn open(ip: IpAddr, bind: Vec<IpAddr>) -> Hall {
        let config = EngineConfig {
            media_port: 0,
            bind,
            public_addresses: vec![],
            loopback: true,
            segmentation_offload: true,
            max_peers: 10,
        };
        let engine = Engine::start(config).unwrap();
        let mut hall = Hall {
            engine,
            clients: vec![],
            events: vec![],
        };
        for name in ["alice", "bob"] {
            let (client, offer) = Client::new(name, ip);
            let peer = client.name.clone();
            hall.clients.push(client);
            hall.command(Command::AddPeer {
                peer: peer.clone(),
                room: Name::from("room"),
            });
            hall.command(Command::Offer {
                peer,
                request: 1,
                sdp: offer,
            });
        }
        hall
    }

    fn command(&self, command: Command) {
        self.engine.command(command).unwrap();
    }

    fn turn(&mut self) {
        for event in self.engine.events(100) {
            if let Event::Answered { peer, sdp, .. } = &event {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.name == *peer)
                    .unwrap();
                let (answer, pending) = (
                    SdpAnswer::from_sdp_string(sdp).unwrap(),
                    client.pending.take().unwrap(),
                );
                client.rtc.sdp_api().accept_answer(pending, answer).unwrap();
            }
            self.events.push(event);
        }
        self.clients.iter_mut().for_each(Client::turn);
        std::thread::yield_now();
    }

    fn until(&mut self, what: &str, done: impl Fn(&Hall) -> bool) {
        let give_up = Instant::now() + LIMIT;
        while !done(self) {
            assert!(Instant::now() < give_up, "{what} did not happen");
            self.turn();
        }
    }
}

fn alice_is_heard_by_bob(ip: IpAddr, bind: Vec<IpAddr>) {
    let mut hall = Hall::open(ip, bind);
    hall.until("connecting", |hall| {
        hall.clients.iter().all(|client| client.connected)
    });
    let (send, receive) = (
        hall.clients[0].send.to_string(),
        hall.clients[1].receive.to_string(),
    );
    let (alice, bob, track) = (Name::from("alice"), Name::from("bob"), Name::from("voice"));
    hall.command(Command::Publish {
        peer: alice,
        mid: send,
        track: track.clone(),
        screen: false,
    });
    hall.command(Command::Subscribe {
        peer: bob,
        mid: receive,
        track,
    });
    let give_up = Instant::now() + LIMIT;
    let mut next = Instant::now();
    while hall.clients[1].received < 20 {
        assert!(
            Instant::now() < give_up,
            "bob heard {} packets",
            hall.clients[1].received
        );
        if Instant::now() >= next {
            next += Duration::from_millis(10);
            hall.clients[0].speak();
        }
        hall.turn();
    }
    hall.engine.shutdown();
    let last = hall.engine.events(100);
    let closed = last.iter().filter(|event| {
        matches!(
            event,
            Event::Closed {
                reason: CloseReason::Removed,
                ..
            }
        )
    });
    assert_eq!(closed.count(), 2);
}

#[test]
fn over_ipv4_on_all_addresses() {
    alice_is_heard_by_bob(IpAddr::from([127, 0, 0, 1]), vec![]);
}

#[test]
fn over_ipv4_on_one_address() {
    let loopback = IpAddr::from([127, 0, 0, 1]);
    alice_is_heard_by_bob(loopback, vec![loopback]);
}

#[test]
fn over_ipv6_on_all_addresses() {
    let loopback: IpAddr = "::1".parse().unwrap();
    if UdpSocket::bind((loopback, 0)).is_err() {
        // A host without IPv6 has nothing to show here.
        return;
    }
    alice_is_heard_by_bob(loopback, vec![]);
}

#[test]
fn the_heartbeat_goes_on_while_nothing_happens() {
    let hall = Hall::open(IpAddr::from([127, 0, 0, 1]), vec![]);
    let give_up = Instant::now() + LIMIT;
    let first: SocketAddr = hall.engine.candidates()[0];
    assert_eq!(first.port(), hall.engine.media_port());
    let mut oldest = Duration::ZERO;
    // Two ages in falling order show that a beat came in between.
    loop {
        let age = hall.engine.heartbeat_age();
        if age < oldest {
            return;
        }
        oldest = age;
        assert!(
            Instant::now() < give_up && age < Duration::from_secs(2),
            "no beat for {age:?}"
        );
        std::thread::yield_now();
    }
}
