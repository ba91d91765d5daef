//! Whatever a stranger sends, the call goes on as it was and nothing answers.

mod meeting;

use std::net::SocketAddr;

use huisclos_sfu::Outlet;
use meeting::{Meeting, SERVER, Wire};

/// A small generator, so that the same bytes come at every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn datagram(&mut self) -> Vec<u8> {
        let length = (self.next() % 1400) as usize;
        (0..length).map(|_| self.next() as u8).collect()
    }
}

fn hurl(meeting: &mut Meeting, source: SocketAddr, mut datagram: Vec<u8>) -> usize {
    let (now, server) = (meeting.now, SERVER.parse().unwrap());
    meeting
        .sfu
        .handle_datagram(now, source, server, &mut datagram);
    let mut wire = Wire::default();
    meeting.sfu.end_round(now, &mut wire);
    wire.flush(meeting.sfu.arena());
    wire.datagrams.len()
}

#[test]
fn ten_thousand_random_datagrams_from_a_stranger_get_silence() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    let mut noise = Noise(42);
    for number in 0..10_000_u16 {
        let source = SocketAddr::from(([203, 0, 113, number as u8], 1024 + number));
        let mut datagram = noise.datagram();
        // Every protocol gets its share, down to what looks like STUN for somebody.
        if let Some(first) = datagram.first_mut() {
            *first = [0, 1, 22, 128, 144, *first][usize::from(number % 6)];
        }
        assert_eq!(hurl(&mut meeting, source, datagram), 0);
    }
    let counters = meeting.sfu.counters();
    assert_eq!(counters.peers, 2);
    assert!(counters.dropped_unknown + counters.dropped_malformed >= 10_000);
}

#[test]
fn garbage_from_a_peers_own_address_does_not_end_its_call() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.talk(0, 5);
    let mut noise = Noise(7);
    for index in 0..2 {
        let source = meeting.clients[index].address;
        for number in 0..3000_usize {
            let mut datagram = noise.datagram();
            if let Some(first) = datagram.first_mut() {
                *first = [0, 128, 144, 70, 200][number % 5];
            }
            hurl(&mut meeting, source, datagram);
        }
    }
    let before = meeting.clients[1].received.len();
    meeting.talk(0, 20);
    assert!(meeting.clients[1].received.len() >= before + 70);
    assert_eq!(
        (meeting.closed("alice"), meeting.closed("bob")),
        (None, None)
    );
}

#[test]
fn every_real_datagram_cut_short_is_harmless() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.keep_sent = true;
    meeting.talk(0, 5);
    // What the server sealed is the nearest thing to what a peer seals.
    let genuine: Vec<Vec<u8>> = meeting
        .sent
        .iter()
        .map(|(_, datagram)| datagram.clone())
        .take(60)
        .collect();
    let source = meeting.clients[0].address;
    for datagram in genuine {
        for cut in (0..datagram.len()).step_by(37) {
            hurl(&mut meeting, source, datagram[..cut].to_vec());
        }
    }
    let before = meeting.clients[1].received.len();
    meeting.talk(0, 20);
    assert!(meeting.clients[1].received.len() >= before + 70);
}
