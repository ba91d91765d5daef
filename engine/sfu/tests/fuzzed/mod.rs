//! What each fuzz target does with its bytes: ordinary functions that panic where the code under test is wrong.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_sfu::bandwidth::Estimator;
use huisclos_sfu::srtp::{Association, Profile};
use huisclos_sfu::{Command, Event, Name, Sfu, SfuConfig};
use huisclos_sim::Server;
use huisclos_wire::extension::{IdMap, Kind, Values};
use huisclos_wire::rtcp::{self, Packet};
use huisclos_wire::{av1, demux, h264, rtp, stun, vp8, vp9};

use crate::simulated::Call;

/// A name and what to do with the bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Each target with its name, which is also that of its corpus folder.
pub(crate) const TARGETS: [Target; 10] = [
    ("datagram", datagram),
    ("extension", extension),
    ("joining", joining),
    ("rtcp", read_rtcp),
    ("rtp", read_rtp),
    ("sdp", sdp),
    ("srtcp", srtcp),
    ("stun", read_stun),
    ("twcc", twcc),
    ("video", video),
];

fn read_rtp(bytes: &[u8]) {
    demux::protocol(bytes);
    let _ = rtp::parse_header(bytes);
    if let Ok(packet) = rtp::parse(bytes) {
        assert!(packet.header_length + packet.payload.len() <= bytes.len());
        packet.extensions.iter().for_each(drop);
    }
}

/// The first ten bytes are ids; the rest is a packet whose extensions are written again and must read the same.
fn extension(bytes: &[u8]) {
    let Some((numbers, bytes)) = bytes.split_at_checked(Kind::ALL.len()) else {
        return;
    };
    let mut ids = IdMap::default();
    for (kind, id) in Kind::ALL.into_iter().zip(numbers) {
        // Two kinds under one id would be a wrong SDP, which negotiation refuses.
        if ids.kind(*id).is_none() {
            ids.set(kind, *id);
        }
    }
    let Ok(packet) = rtp::parse(bytes) else {
        return;
    };
    let values = packet.extensions.values(&ids);
    let mut buffer = vec![0; 4096];
    let length = rtp::write_header(&mut buffer, &packet.header, &values, &ids).unwrap();
    let again = rtp::parse_header(&buffer[..length]).unwrap();
    assert_eq!(again.header, packet.header);
    assert_eq!(again.extensions.values(&ids), values);
    let _ = rtp::write_header(&mut [0; 20], &packet.header, &Values::default(), &ids).unwrap();
}

fn read_rtcp(bytes: &[u8]) {
    let mut read = 0;
    for element in rtcp::parse(bytes).flatten() {
        read += element.raw.len();
        match element.packet {
            Packet::Nack { lost, .. } => assert!(lost.count() <= bytes.len() * 17 / 4),
            Packet::Fir { requests, .. } => requests.for_each(drop),
            Packet::Goodbye { sources } | Packet::Remb { sources, .. } => sources.for_each(drop),
            Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                assert!(blocks.count() <= 31)
            }
            Packet::TransportFeedback(feedback) => {
                assert_eq!(feedback.arrivals().count(), usize::from(feedback.count));
            }
            _ => {}
        }
    }
    assert!(read <= bytes.len());
}

fn read_stun(bytes: &[u8]) {
    if let Ok(username) = stun::username(bytes) {
        assert!(
            !username.local.is_empty()
                && username.local.len() + username.remote.len() < bytes.len()
        );
    }
}

fn video(bytes: &[u8]) {
    h264::starts_keyframe(bytes);
    vp9::starts_keyframe(bytes);
    av1::starts_keyframe(bytes);
    let Some(before) = vp8::parse(bytes) else {
        return;
    };
    assert!(before.length < bytes.len());
    let mut renumbered = bytes.to_vec();
    vp8::renumber(&mut renumbered, &before.numbers).unwrap();
    assert_eq!(renumbered, bytes, "its own numbers changed it");
}

/// Feedback bodies, each with its length before it, about packets that did leave.
fn twcc(bytes: &[u8]) {
    let mut now = Instant::now();
    let mut estimator = Estimator::new(now);
    let mut rest = bytes;
    while let Some((length, more)) = rest.split_first() {
        let (body, more) = more.split_at(usize::from(*length).min(more.len()));
        rest = more;
        for _ in 0..30 {
            now += Duration::from_millis(7);
            estimator.on_sent(now, 1200);
        }
        let mut packet = vec![0x8F, 205, 0, 0];
        packet.extend(body);
        packet.resize(packet.len().next_multiple_of(4), 0);
        packet[3] = (packet.len() / 4 - 1) as u8;
        for element in rtcp::parse(&packet).flatten() {
            if let Packet::TransportFeedback(feedback) = element.packet {
                estimator.on_feedback(now, &feedback);
            }
        }
        estimator.on_timeout(now);
        assert!((100_000..=200_000_000).contains(&estimator.estimate()));
    }
}

/// What nobody sealed stays shut; what was sealed opens once, unchanged.
fn srtcp(bytes: &[u8]) {
    for (profile, length) in [
        (Profile::AeadAes256Gcm, 88),
        (Profile::AeadAes128Gcm, 56),
        (Profile::Aes128CmSha1_80, 60),
    ] {
        let mut peer = Association::new(profile, &vec![7; length], true).unwrap();
        assert!(
            peer.peer_rtcp.open(&mut bytes.to_vec()).is_err(),
            "forged without the key"
        );
        let mut buffer = bytes.to_vec();
        buffer.resize(bytes.len() + profile.rtcp_overhead(), 0);
        let mut other = Association::new(profile, &vec![7; length], false).unwrap();
        if let Ok(sealed) = other.rtcp.seal(&mut buffer, bytes.len()) {
            let mut again = buffer.clone();
            let opened = peer.peer_rtcp.open(&mut buffer[..sealed]).unwrap();
            assert_eq!(&buffer[..opened], bytes);
            assert!(
                peer.peer_rtcp.open(&mut again[..sealed]).is_err(),
                "opened twice"
            );
        }
    }
}

fn engine() -> Sfu {
    Sfu::new(SfuConfig {
        candidates: vec!["10.0.0.1:7882".parse().unwrap()],
        max_peers: 10,
    })
    .unwrap()
}

/// Runs `act` on an engine with one fresh peer, which it must be rid of afterwards.
fn with_a_fresh_peer(act: impl FnOnce(&mut Sfu, Instant, &Name)) {
    thread_local! {
        static ENGINE: RefCell<Sfu> = RefCell::new(engine());
    }
    ENGINE.with_borrow_mut(|sfu| {
        let (now, peer) = (Instant::now(), Name::from("peer"));
        sfu.command(
            now,
            Command::AddPeer {
                peer: peer.clone(),
                room: Name::from("room"),
            },
        );
        act(sfu, now, &peer);
        sfu.command(now, Command::RemovePeer { peer });
        sfu.handle_timeout(now);
        sfu.arena().clear();
        std::iter::from_fn(|| sfu.poll_event()).for_each(drop);
        nothing_stays(sfu);
    });
}

fn nothing_stays(sfu: &Sfu) {
    let counters = sfu.counters();
    assert_eq!(counters.panics, 0, "a panic was caught");
    assert_eq!(counters.peers, 0, "a peer was left behind");
}

/// An offer: answered or refused, and the engine goes on.
fn sdp(bytes: &[u8]) {
    let sdp = String::from_utf8_lossy(bytes).into_owned();
    with_a_fresh_peer(|sfu, now, peer| {
        offer(sfu, now, peer, sdp);
        let settled = |event| {
            matches!(
                event,
                Event::Answered { .. } | Event::Refused { .. } | Event::Closed { .. }
            )
        };
        assert!(
            std::iter::from_fn(|| sfu.poll_event()).any(settled),
            "neither answered nor refused"
        );
    });
    answer(bytes);
}

/// The same bytes as the answer to an offer of ours.
fn answer(bytes: &[u8]) {
    let sdp = String::from_utf8_lossy(bytes).into_owned();
    with_a_fresh_peer(|sfu, now, peer| {
        let (name, request) = (peer.clone(), 1);
        sfu.command(
            now,
            Command::CreateOffer {
                peer: name,
                request,
                audios: 1,
                videos: 1,
                restart: false,
            },
        );
        let offered = |event| matches!(event, Event::Offered { .. });
        assert!(std::iter::from_fn(|| sfu.poll_event()).any(offered));
        let peer = peer.clone();
        sfu.command(now, Command::ApplyAnswer { peer, request, sdp });
    });
}

fn offer(sfu: &mut Sfu, now: Instant, peer: &Name, sdp: String) {
    let (peer, request) = (peer.clone(), 1);
    sfu.command(now, Command::Offer { peer, request, sdp });
}

/// Datagrams around a peer that has been answered and is not connected yet. Before each, a byte for its source and two for its length.
fn joining(bytes: &[u8]) {
    with_a_fresh_peer(|sfu, now, peer| {
        let honest = include_str!("../../../fuzz/corpus/sdp/simulcast-offer");
        offer(sfu, now, peer, honest.into());
        let answered = |event| matches!(event, Event::Answered { .. });
        assert!(std::iter::from_fn(|| sfu.poll_event()).any(answered));
        let (mut now, mut rest) = (now, bytes);
        while let Some(([source, high, low], more)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
            let (datagram, more) = more.split_at(length);
            rest = more;
            let source = SocketAddr::from(([192, 0, 2, source % 4], 999));
            let server = "10.0.0.1:7882".parse().unwrap();
            sfu.handle_datagram(now, source, server, &mut datagram.to_vec());
            sfu.handle_timeout(now);
            sfu.arena().clear();
            now += Duration::from_millis(1);
        }
    });
}

/// One datagram to a call that is under way. The first byte says from whom: a stranger or one of the two in the call.
fn datagram(bytes: &[u8]) {
    thread_local! {
        static CALL: RefCell<Option<Call>> = const { RefCell::new(None) };
    }
    let Some((from, datagram)) = bytes.split_first() else {
        return;
    };
    CALL.with_borrow_mut(|slot| {
        // A datagram that broke DTLS ends its peer: begin anew, once the other has left.
        let usable = slot.take().and_then(|mut call| {
            if call.world.server.sfu.counters().peers == 2 {
                return Some(call);
            }
            for name in ["publisher", "listener-0"] {
                let peer = Name::from(name);
                call.command(Command::RemovePeer { peer });
            }
            nothing_stays(&call.world.server.sfu);
            None
        });
        let call = slot.insert(usable.unwrap_or_else(|| Call::new(1, 1)));
        let world = &mut call.world;
        let source = match from % 3 {
            0 => SocketAddr::from(([192, 0, 2, 1], 999)),
            place => world.callers[usize::from(place) - 1].address,
        };
        let server = "10.0.0.1:7882".parse().unwrap();
        world.server.handle(world.now, source, server, datagram);
        world.server.transmit(world.now, &mut |_, _| {});
        world.server.events.clear();
        let panics = world.server.sfu.counters().panics;
        assert_eq!(panics, 0, "a panic was caught");
    });
}
