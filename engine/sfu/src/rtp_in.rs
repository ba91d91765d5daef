//! Opens a peer's RTP: numbering, replays, authenticity, resends unwrapped. What is in the packet is taken in by `receive`.

use std::time::Instant;

use huisclos_wire::rtp::{self, Header, RTX_PREFIX};

use crate::receive::Received;
use crate::sfu::Sfu;
use crate::uplink::{Marks, Role};

impl Sfu {
    pub(crate) fn handle_rtp(&mut self, now: Instant, key: usize, datagram: &mut [u8]) {
        let Ok(packet) = rtp::parse_header(datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let (header, start) = (packet.header, packet.header_length);
        let is_padded = datagram.first().is_some_and(|first| first & 0x20 != 0);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(srtp) = &peer.srtp else { return };
        let marks = peer.uplink.marks(&packet.extensions);
        let known = peer.uplink.stream(header.ssrc);
        let fresh = known.is_none();
        let (role, index) = match known {
            Some(stream) => (stream.role, stream.index(header.sequence)),
            None => {
                let role = peer
                    .uplink
                    .role(header.ssrc, header.payload_type, &packet.extensions);
                let Some(role) = role else { return };
                (role, Some(u64::from(header.sequence)))
            }
        };
        // Seen before, or too old to tell.
        let Some(index) = index else { return };
        let Ok(end) = srtp.peer_rtp.open(datagram, start, header.ssrc, index) else {
            self.counters.srtp_failed += 1;
            return;
        };
        peer.heard(now);
        // Only what is authentic leaves a trace.
        let stream = if fresh {
            peer.uplink.add(now, header.ssrc, role)
        } else {
            peer.uplink.stream(header.ssrc)
        };
        let Some(stream) = stream else { return };
        if !stream.arrived(now, index) {
            return;
        }
        let due = stream.next_ask();
        if let Some(number) = marks.transport_number {
            peer.uplink.arrivals.add(now, number);
        }
        if let (Some(due), None) = (due, peer.uplink.ask_at) {
            peer.uplink.ask_at = Some(due);
            self.schedule(key);
        }
        let opened = datagram.get(start..end).unwrap_or_default();
        let Some(payload) = without_padding(opened, is_padded) else {
            return;
        };
        // What is empty was padding only, by which the sender probes the line.
        if !payload.is_empty() {
            self.unwrap(now, key, header, index, role, marks, payload);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one packet, taken apart")]
    fn unwrap(
        &mut self,
        now: Instant,
        key: usize,
        header: Header,
        index: u64,
        role: Role,
        marks: Marks,
        payload: &[u8],
    ) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let uplink = &mut peer.uplink;
        let received = match role {
            Role::Probe => return,
            Role::Media { mid, rid } => {
                let Some(coding) = uplink.coding(header.payload_type) else {
                    return;
                };
                if let Some(stream) = uplink.stream(header.ssrc) {
                    stream.timed(now, header.timestamp, coding.spec.clock_rate.get());
                }
                Received {
                    ssrc: header.ssrc,
                    mid,
                    rid,
                    sequence: index,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    coding,
                    marks,
                    payload,
                }
            }
            Role::Repair { mid, rid } => {
                let coding = uplink
                    .repaired_payload_type(header.payload_type)
                    .and_then(|payload_type| uplink.coding(payload_type));
                let Some(coding) = coding else { return };
                let Some((&original, payload)) = payload.split_first_chunk::<RTX_PREFIX>() else {
                    return;
                };
                let Some(stream) = uplink.repaired(mid, rid) else {
                    return;
                };
                let Some(sequence) = stream.index(u16::from_be_bytes(original)) else {
                    return;
                };
                if payload.is_empty() || !stream.arrived(now, sequence) {
                    return;
                }
                let ssrc = stream.ssrc;
                self.counters.repaired += 1;
                Received {
                    ssrc,
                    mid,
                    rid,
                    sequence,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    coding,
                    marks,
                    payload,
                }
            }
        };
        self.receive(now, key, &received);
    }
}

/// The payload before its padding (RFC 3550 section 5.1), which was sealed with it; `None` when it claims more than there is.
fn without_padding(opened: &[u8], is_padded: bool) -> Option<&[u8]> {
    if !is_padded {
        return Some(opened);
    }
    let padding = usize::from(*opened.last()?);
    let kept = opened.len().checked_sub(padding)?;
    opened.get(..kept).filter(|_| padding > 0)
}

#[cfg(test)]
mod tests;
