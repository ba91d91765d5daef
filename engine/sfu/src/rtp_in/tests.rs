//! What a peer that has the keys can do with RTP: everything it sends here is authentic.

use std::net::SocketAddr;

use huisclos_wire::extension::{Kind, Values};
use proptest::prelude::*;
use str0m::format::CodecConfig;
use str0m::media::Mid;

use super::*;
use crate::api::{Command, Name};
use crate::sfu::SfuConfig;
use crate::srtp::{Association, Profile};
use crate::uplink::{Coding, Sending};

const MEDIA: u32 = 7;
const REPAIR: u32 = 8;

/// An engine with one peer that publishes a camera, and the peer's keys.
struct Call {
    sfu: Sfu,
    now: Instant,
    key: usize,
    client: Association,
    payload_type: u8,
    repair: u8,
}

impl Call {
    fn new(declared: Vec<(u32, Option<u32>)>) -> Self {
        let now = Instant::now();
        let mut sfu = Sfu::new(SfuConfig {
            candidates: vec![SocketAddr::from(([10, 0, 0, 1], 7882))],
            max_peers: 1,
        })
        .unwrap();
        let (peer, room) = (Name::from("peer"), Name::from("room"));
        sfu.command(now, Command::AddPeer { peer, room });
        let (key, mut config) = (0, CodecConfig::empty());
        config.enable_vp8(true);
        let coded = config.params()[0];
        let coding = Coding {
            payload_type: *coded.pt(),
            repair: coded.resend().map(|pt| *pt),
            spec: coded.spec(),
        };
        let mut track = crate::track::Track::new(Name::from("track"), key, false, false);
        track.started = true;
        let track = sfu.tracks.insert(track);
        let mid = Mid::from("0");
        let peer = &mut sfu.peers[key];
        peer.published.push(crate::peer::Published { mid, track });
        for (id, kind) in Kind::ALL.into_iter().enumerate() {
            peer.uplink.ids.set(kind, id as u8 + 1);
        }
        peer.uplink.codings.push(coding);
        peer.uplink.sections.push(Sending {
            mid,
            is_audio: false,
            declared,
        });
        let material = [5; 56];
        let keys = |active| Association::new(Profile::AeadAes128Gcm, &material, active).unwrap();
        peer.srtp = Some(keys(false));
        Call {
            sfu,
            now,
            key,
            client: keys(true),
            payload_type: coding.payload_type,
            repair: coding.repair.unwrap(),
        }
    }

    fn sealed(&self, header: &Header, values: &Values<'_>, index: u64, payload: &[u8]) -> Vec<u8> {
        let mut buffer = [0; 400];
        let ids = &self.sfu.peers[self.key].uplink.ids;
        let length = rtp::write_header(&mut buffer, header, values, ids).unwrap();
        let mut datagram = buffer[..length].to_vec();
        datagram.extend(payload);
        let end = datagram.len();
        datagram.resize(end + self.client.rtp.profile().rtp_overhead(), 0);
        self.client
            .rtp
            .seal(&mut datagram, length, end, header.ssrc, index)
            .unwrap();
        datagram
    }

    fn media(&self, index: u64) -> Vec<u8> {
        let header = Header {
            payload_type: self.payload_type,
            sequence: index as u16,
            ssrc: MEDIA,
            ..Header::default()
        };
        self.sealed(&header, &Values::default(), index, &vp8())
    }

    fn repeated(&self, index: u64, original: u16) -> Vec<u8> {
        let header = Header {
            payload_type: self.repair,
            sequence: index as u16,
            ssrc: REPAIR,
            ..Header::default()
        };
        let payload = [&original.to_be_bytes()[..], &vp8()].concat();
        self.sealed(&header, &Values::default(), index, &payload)
    }

    /// The numbers of what was taken in.
    fn take(&mut self, datagram: &[u8]) -> Vec<u64> {
        self.sfu
            .handle_rtp(self.now, self.key, &mut datagram.to_vec());
        self.sfu
            .round
            .drain(..)
            .map(|taken| taken.sequence)
            .collect()
    }
}

fn vp8() -> Vec<u8> {
    vec![0x10, 0, 1, 2, 3, 4]
}

fn declared() -> Vec<(u32, Option<u32>)> {
    vec![(MEDIA, Some(REPAIR))]
}

#[test]
fn a_replayed_or_altered_packet_is_not_taken_in_twice() {
    let mut call = Call::new(declared());
    let first = call.media(1);
    assert_eq!(call.take(&first), [1]);
    assert_eq!(call.take(&first), []);
    let mut altered = call.media(2);
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(call.take(&altered), []);
    assert_eq!(call.sfu.counters.srtp_failed, 1);
    let second = call.media(2);
    assert_eq!(call.take(&second), [2], "the altered one left a trace");
}

#[test]
fn a_resend_fills_its_gap_once_and_the_late_original_changes_nothing() {
    let mut call = Call::new(declared());
    for (datagram, taken) in [
        (call.media(65_535), vec![65_535]),
        (call.media(65_537), vec![65_537]),
        (call.repeated(900, 0), vec![65_536]),
        (call.repeated(901, 0), vec![]),
        (call.media(65_536), vec![]),
        (call.repeated(902, 1), vec![]),
    ] {
        assert_eq!(call.take(&datagram), taken);
    }
    assert_eq!(call.sfu.counters.repaired, 1);
}

#[test]
fn what_is_missing_is_waited_for_until_it_comes() {
    let mut call = Call::new(declared());
    for index in [1, 4] {
        let datagram = call.media(index);
        call.take(&datagram);
    }
    let later = call.now + std::time::Duration::from_millis(10);
    let mut asked = Vec::new();
    let mut ask = |call: &mut Call, now| {
        let uplink = &mut call.sfu.peers[call.key].uplink;
        uplink.ask(now, std::time::Duration::ZERO, |ssrc, wanted| {
            asked.push((ssrc, wanted.to_vec()));
        });
    };
    ask(&mut call, later);
    let datagram = call.repeated(1, 2);
    call.take(&datagram);
    ask(&mut call, later + std::time::Duration::from_millis(20));
    assert_eq!(asked, [(MEDIA, vec![2, 3]), (MEDIA, vec![3])]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn authentic_nonsense_does_no_harm(
        named: bool,
        packets in proptest::collection::vec(
            (
                (prop_oneof![Just(MEDIA), Just(REPAIR), Just(0), any::<u32>()], any::<u16>(), any::<bool>()),
                proptest::collection::btree_map(0_usize..10, proptest::collection::vec(any::<u8>(), 0..20), 0..4),
                prop_oneof![Just(96_u8), Just(97), 0_u8..128],
                any::<u32>(),
                proptest::collection::vec(any::<u8>(), 0..40),
            ),
            1..200,
        ),
    ) {
        let mut call = Call::new(if named { declared() } else { vec![] });
        for ((ssrc, sequence, padded), extensions, payload_type, timestamp, payload) in packets {
            call.now += std::time::Duration::from_millis(3);
            let header = Header { payload_type, sequence, timestamp, ssrc, marker: false };
            let mut values = Values::default();
            values.set(Kind::Mid, b"0");
            for (kind, value) in &extensions {
                values.set(Kind::ALL[*kind], value);
            }
            let mut datagram = call.sealed(&header, &values, u64::from(sequence), &payload);
            if padded {
                // Sealed again with the padding bit, of which the tag knows.
                let start = rtp::parse_header(&datagram).unwrap().header_length;
                datagram[0] |= 0x20;
                datagram.truncate(start);
                datagram.extend(&payload);
                let end = datagram.len();
                datagram.resize(end + 16, 0);
                call.client.rtp.seal(&mut datagram, start, end, ssrc, u64::from(sequence)).unwrap();
            }
            prop_assert!(call.take(&datagram).len() <= 1);
            let peer = &mut call.sfu.peers[call.key];
            prop_assert!(peer.uplink.streams().count() <= 128);
            if peer.uplink.ask_at.is_some_and(|at| at <= call.now) {
                call.sfu.send_nacks(call.now, call.key);
            }
        }
    }
}

#[test]
fn padding_is_cut_off_and_impossible_padding_refused() {
    assert_eq!(without_padding(b"ab\x01", true), Some(&b"ab"[..]));
    assert_eq!(without_padding(b"ab\x03", true), Some(&b""[..]));
    assert_eq!(without_padding(b"ab\x03", false), Some(&b"ab\x03"[..]));
    assert_eq!(without_padding(b"ab\x04", true), None);
    assert_eq!(without_padding(b"ab\x00", true), None);
    assert_eq!(without_padding(b"", true), None);
}
