//! Finds the peer a datagram is from. A stranger costs one lookup and gets silence: only an ICE request that is authentic makes
//! an address known.

use std::net::SocketAddr;
use std::time::Instant;

use huisclos_wire::demux::{Protocol, protocol};
use huisclos_wire::stun;
use str0m::Input;
use str0m::net::{Protocol as Transport, Receive};

use crate::arena::Path;
use crate::peer::MAX_REMOTES;
use crate::sfu::Sfu;

/// RFC 8445 §7.1.2: set by the controlling side on the pair it chooses.
const USE_CANDIDATE: u16 = 0x0025;

/// Handshake datagrams taken on after each round of media: a few milliseconds at most.
const HANDSHAKES_A_ROUND: usize = 8;
/// A hundred people joining at once.
const MAX_HANDSHAKES: usize = 1024;

/// A handshake datagram that waits for its turn.
pub(crate) struct Handshake {
    key: usize,
    serial: u64,
    source: SocketAddr,
    local: SocketAddr,
    datagram: Vec<u8>,
}

/// Whether a DTLS datagram begins with something else than application data (RFC 6347 §4.1).
fn is_handshake(datagram: &[u8]) -> bool {
    datagram.first() != Some(&23)
}

impl Sfu {
    /// Takes in one datagram that came from `source` to our `local` address. Media waits for `end_round`.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        source: SocketAddr,
        local: SocketAddr,
        datagram: &mut [u8],
    ) {
        self.counters.packets_in += 1;
        self.counters.bytes_in += datagram.len() as u64;
        let Some(protocol) = protocol(datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        if protocol == Protocol::Stun {
            self.handle_stun(now, source, local, datagram);
            return;
        }
        let Some(&key) = self.addresses.get(&source) else {
            self.counters.dropped_unknown += 1;
            return;
        };
        match protocol {
            Protocol::Rtp => self.handle_rtp(now, key, datagram),
            Protocol::Rtcp => self.handle_rtcp(now, key, datagram),
            Protocol::Dtls if is_handshake(datagram) => self.put_off(key, source, local, datagram),
            _ => self.hand_to_rtc(now, key, source, local, datagram),
        }
    }

    fn handle_stun(
        &mut self,
        now: Instant,
        source: SocketAddr,
        local: SocketAddr,
        datagram: &[u8],
    ) {
        let Ok(username) = stun::username(datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let Some(&key) = self.ufrags.get(username.local) else {
            self.counters.dropped_unknown += 1;
            return;
        };
        let destination = self.advertised(local);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Ok(receive) = Receive::new(Transport::Udp, source, destination, datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let input = Input::Receive(now, receive);
        // Checks MESSAGE-INTEGRITY: from here on the request is the peer's own.
        match peer.rtc.call(|rtc| rtc.accepts(&input)) {
            Ok(true) => {}
            Ok(false) => {
                self.counters.dropped_unknown += 1;
                return;
            }
            Err(fatal) => return self.fail(now, key, fatal),
        }
        peer.heard(now);
        let path = Path {
            local: Some(local),
            remote: source,
        };
        match peer.remotes.iter_mut().find(|known| known.remote == source) {
            Some(known) => *known = path,
            None => {
                if peer.remotes.len() >= MAX_REMOTES {
                    let oldest = peer.remotes.remove(0);
                    self.addresses.remove(&oldest.remote);
                }
                peer.remotes.push(path);
            }
        }
        if nominates(datagram) {
            peer.path = Some(path);
        }
        if let Err(fatal) = peer.rtc.try_call(|rtc| rtc.handle_input(input)) {
            return self.fail(now, key, fatal);
        }
        self.addresses.insert(source, key);
        self.drive(now, key);
    }

    /// Keeps a handshake datagram until the media of the round is out: it costs a thousand times a media packet, and fifty
    /// people who join at once must not be heard as a stutter by those who talk.
    fn put_off(&mut self, key: usize, source: SocketAddr, local: SocketAddr, datagram: &[u8]) {
        let Some(peer) = self.peers.get(key) else {
            return;
        };
        if self.handshakes.len() >= MAX_HANDSHAKES {
            // DTLS sends again what is not answered.
            self.counters.handshakes_dropped += 1;
            return;
        }
        let (serial, datagram) = (peer.serial, datagram.to_vec());
        self.handshakes.push_back(Handshake {
            key,
            serial,
            source,
            local,
            datagram,
        });
    }

    /// Goes on with some of the handshakes under way.
    pub(crate) fn run_handshakes(&mut self, now: Instant) {
        for _ in 0..HANDSHAKES_A_ROUND {
            let Some(next) = self.handshakes.pop_front() else {
                return;
            };
            if self
                .peers
                .get(next.key)
                .is_some_and(|peer| peer.serial == next.serial)
            {
                self.hand_to_rtc(now, next.key, next.source, next.local, &next.datagram);
            }
        }
    }

    /// Whether work was put off that `end_round` would do now.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.handshakes.is_empty()
    }

    /// Gives a datagram from a known address to the peer's `Rtc` and does what comes of it.
    pub(crate) fn hand_to_rtc(
        &mut self,
        now: Instant,
        key: usize,
        source: SocketAddr,
        local: SocketAddr,
        datagram: &[u8],
    ) {
        let destination = self.advertised(local);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Ok(receive) = Receive::new(Transport::Udp, source, destination, datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        if let Err(fatal) = peer
            .rtc
            .try_call(|rtc| rtc.handle_input(Input::Receive(now, receive)))
        {
            return self.fail(now, key, fatal);
        }
        self.drive(now, key);
    }

    /// The candidate that stands for our `local` address: itself, or behind NAT the public address of its family.
    fn advertised(&self, local: SocketAddr) -> SocketAddr {
        let candidates = &self.config.candidates;
        if candidates.contains(&local) {
            return local;
        }
        let same_family = candidates
            .iter()
            .find(|candidate| candidate.is_ipv4() == local.is_ipv4());
        same_family.copied().unwrap_or(local)
    }
}

/// Whether an authentic binding request carries USE-CANDIDATE.
fn nominates(request: &[u8]) -> bool {
    let mut rest = request.get(20..).unwrap_or_default();
    while let Some((&[kind_high, kind_low, length_high, length_low], value)) =
        rest.split_first_chunk()
    {
        if u16::from_be_bytes([kind_high, kind_low]) == USE_CANDIDATE {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([length_high, length_low])).next_multiple_of(4);
        rest = value.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nomination_is_found_behind_other_attributes_and_not_inside_them() {
        let head = [0_u8; 20];
        let username = [0, 6, 0, 3, b'a', b':', b'b', 0];
        let nomination = [0, 0x25, 0, 0];
        assert!(nominates(&[&head[..], &username, &nomination].concat()));
        assert!(!nominates(&[&head[..], &username].concat()));
        let hidden = [0, 6, 0, 4, 0, 0x25, 0, 0];
        assert!(!nominates(&[&head[..], &hidden].concat()));
    }

    #[test]
    fn an_attribute_longer_than_the_request_ends_the_search() {
        assert!(!nominates(
            &[&[0_u8; 20][..], &[0, 6, 255, 255, 0, 0x25, 0, 0]].concat()
        ));
    }
}
