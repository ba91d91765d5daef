//! Targets that drive the whole sans-IO server: an offer of any text, and any datagrams from any address around a peer that
//! joins honestly.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_sfu::{Command, Event, Name, Sfu, SfuConfig};

/// Making a server makes a certificate, so one serves many runs; each run has a peer of its own and removes it.
struct Bench {
    sfu: Sfu,
    now: Instant,
    runs: u64,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7882))
}

fn with_peer(act: impl FnOnce(&mut Bench, &Name)) {
    BENCH.with_borrow_mut(|bench| {
        let bench = bench.get_or_insert_with(|| {
            let config = SfuConfig {
                candidates: vec![local()],
                max_peers: 16,
            };
            Bench {
                sfu: Sfu::new(config).expect("a certificate"),
                now: Instant::now(),
                runs: 0,
            }
        });
        bench.runs += 1;
        let peer: Name = format!("PA_{}", bench.runs).into();
        bench.sfu.command(
            bench.now,
            Command::AddPeer {
                peer: peer.clone(),
                room: "R".into(),
            },
        );
        act(bench, &peer);
        bench.sfu.command(bench.now, Command::RemovePeer { peer });
        bench.now += Duration::from_millis(10);
        bench.sfu.handle_timeout(bench.now);
        bench.sfu.arena().clear();
        while bench.sfu.poll_event().is_some() {}
        assert_eq!(bench.sfu.counters().panics, 0, "a panic was caught");
        assert_eq!(bench.sfu.counters().peers, 0, "a peer was left behind");
    });
}

pub fn sdp(bytes: &[u8]) {
    let sdp = String::from_utf8_lossy(bytes).into_owned();
    with_peer(|bench, peer| {
        bench.sfu.command(
            bench.now,
            Command::Offer {
                peer: peer.clone(),
                request: 1,
                sdp,
            },
        );
        let answered = std::iter::from_fn(|| bench.sfu.poll_event())
            .filter(|event| {
                matches!(
                    event,
                    Event::Answered { .. } | Event::Refused { .. } | Event::Closed { .. }
                )
            })
            .count();
        assert!(answered >= 1, "an offer got no answer");
    });
}

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\na=msid-semantic: WMS\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n\
a=fingerprint:sha-256 AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA\r\n\
a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:1 cname:x\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n\
a=fingerprint:sha-256 AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA\r\n\
a=setup:actpass\r\na=mid:1\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n\
a=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n\
a=fingerprint:sha-256 AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA\r\n\
a=setup:actpass\r\na=mid:2\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";

pub fn sdp_seeds() -> Vec<Vec<u8>> {
    vec![OFFER.as_bytes().to_vec()]
}

/// The input is a list of datagrams: one byte for the source, two for the length, then the datagram.
pub fn datagrams(bytes: &[u8]) {
    with_peer(|bench, peer| {
        bench.sfu.command(
            bench.now,
            Command::Offer {
                peer: peer.clone(),
                request: 1,
                sdp: OFFER.into(),
            },
        );
        let mut rest = bytes;
        while let Some(([source, high, low], tail)) = rest.split_first_chunk::<3>() {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
            let (datagram, next) = tail.split_at(length);
            let from = SocketAddr::from(([127, 0, 0, 1 + (source & 3)], 9_000));
            bench
                .sfu
                .handle_datagram(bench.now, from, local(), &mut datagram.to_vec());
            bench.sfu.handle_timeout(bench.now);
            bench.sfu.arena().clear();
            bench.now += Duration::from_millis(1);
            rest = next;
        }
    });
}

pub fn datagram_seeds() -> Vec<Vec<u8>> {
    let packets: Vec<Vec<u8>> = crate::parsers::stun_seeds()
        .into_iter()
        .chain(crate::parsers::rtp_seeds())
        .chain(crate::parsers::rtcp_seeds())
        .collect();
    let mut all = Vec::new();
    for packet in &packets {
        all.push(1);
        all.extend_from_slice(&(packet.len() as u16).to_be_bytes());
        all.extend_from_slice(packet);
    }
    vec![all]
}
