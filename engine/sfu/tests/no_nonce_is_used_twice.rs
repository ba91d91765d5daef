//! With one key, no packet index is ever used for two packets: under GCM a single repetition gives the key of every tag away.

mod meeting;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use huisclos_sfu::Command;
use meeting::{Line, Meeting};

/// (destination, SSRC, index) of every RTP packet; the roll-over counter by watching the sequence numbers.
fn rtp_nonces(sent: &[(SocketAddr, Vec<u8>)]) -> Vec<(SocketAddr, u32, u64)> {
    let mut highest: HashMap<(SocketAddr, u32), u64> = HashMap::new();
    let mut nonces = Vec::new();
    for (remote, datagram) in sent {
        let is_rtp = (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1]);
        if !is_rtp {
            continue;
        }
        let sequence = u64::from(u16::from_be_bytes([datagram[2], datagram[3]]));
        let ssrc = u32::from_be_bytes(datagram[8..12].try_into().unwrap());
        let last = highest.entry((*remote, ssrc)).or_insert(sequence);
        let candidates = [0, 1, 2]
            .map(|turn| (*last >> 16).saturating_sub(1) + turn)
            .map(|roc| roc << 16 | sequence);
        let index = candidates
            .into_iter()
            .min_by_key(|index| index.abs_diff(*last))
            .unwrap();
        *last = (*last).max(index);
        nonces.push((*remote, ssrc, index));
    }
    nonces
}

/// (destination, SSRC, index) of every RTCP packet: 16 bytes of tag lie before the index under GCM, or it lies before a tag of 10.
fn rtcp_nonces(sent: &[(SocketAddr, Vec<u8>)]) -> Vec<(SocketAddr, u32, u32)> {
    let rtcp = sent.iter().filter(|(_, datagram)| {
        (128..192).contains(&datagram[0]) && (192..224).contains(&datagram[1])
    });
    rtcp.map(|(remote, datagram)| {
        let ssrc = u32::from_be_bytes(datagram[4..8].try_into().unwrap());
        let tail: [u8; 4] = datagram[datagram.len() - 4..].try_into().unwrap();
        (*remote, ssrc, u32::from_be_bytes(tail) & 0x7FFF_FFFF)
    })
    .collect()
}

fn unique<T: std::hash::Hash + Eq>(all: &[T]) -> usize {
    all.iter().collect::<HashSet<_>>().len()
}

#[test]
fn over_resends_reports_resubscriptions_and_restarts_every_index_is_new() {
    let mut meeting = Meeting::of(&["alice", "bob", "carol"]);
    meeting.keep_sent = true;
    for index in 0..3 {
        meeting.publish(index);
    }
    meeting.subscribe(1, 0);
    // A tenth of what goes to bob is lost: he asks for it again.
    meeting.line = Some((1, Line::new(5, 10, Duration::ZERO)));
    meeting.talk(0, 100);
    // The same sections of bob carry another track, then the first one again.
    meeting.subscribe(1, 2);
    meeting.talk(2, 60);
    meeting.subscribe(1, 0);
    meeting.restart_ice(1);
    meeting.talk(0, 60);
    let mid = meeting.clients[1].receive_video.to_string();
    let peer = meeting.clients[1].name.clone();
    meeting.command(Command::Unsubscribe { peer, mid });
    meeting.run(Duration::from_secs(2));

    let (rtp, rtcp) = (rtp_nonces(&meeting.sent), rtcp_nonces(&meeting.sent));
    assert!(meeting.sfu.counters().rtx_sent > 10, "no resends were seen");
    assert!(
        rtp.len() > 600 && rtcp.len() > 20,
        "{} RTP, {} RTCP",
        rtp.len(),
        rtcp.len()
    );
    assert_eq!(unique(&rtp), rtp.len());
    assert_eq!(unique(&rtcp), rtcp.len());
}
