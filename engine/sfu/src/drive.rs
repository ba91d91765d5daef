//! Drains a peer's `Rtc` and acts on what it wants: datagrams out, channels, the end.

use std::time::Instant;

use huisclos_wire::demux::{Protocol, protocol};
use str0m::net::Transmit;
use str0m::{Event as RtcEvent, Output};

use crate::api::{CloseReason, Event};
use crate::guarded::Fatal;
use crate::peer::Phase;
use crate::sfu::Sfu;

/// No sane peer gives more in one drain: beyond, it loops.
const MAX_OUTPUTS: usize = 10_000;

impl Sfu {
    /// Polls `key` until it has nothing more to say for now.
    pub(crate) fn drive(&mut self, now: Instant, key: usize) {
        for _ in 0..MAX_OUTPUTS {
            let Some(peer) = self.peers.get_mut(key) else {
                return;
            };
            let output = match peer.rtc.try_call(str0m::Rtc::poll_output) {
                Ok(output) => output,
                Err(fatal) => return self.fail(now, key, fatal),
            };
            if let Some(keys) = peer.rtc.take_keys()
                && peer.install_keys(&keys).is_err()
            {
                return self.close(now, key, CloseReason::DtlsFailed);
            }
            match output {
                Output::Timeout(at) => {
                    peer.rtc_timeout = at;
                    let alive = peer.rtc.call(|rtc| rtc.is_alive()).unwrap_or(false);
                    if !alive {
                        return self.close(now, key, CloseReason::Removed);
                    }
                    return self.schedule(key);
                }
                Output::Transmit(transmit) => self.transmit(key, transmit),
                Output::Event(event) => self.on_rtc_event(now, key, event),
            }
        }
        self.close(now, key, CloseReason::Overrun);
    }

    fn transmit(&mut self, key: usize, transmit: Transmit) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let path = peer.path_to(transmit.destination);
        let datagram: &[u8] = &transmit.contents;
        match protocol(datagram) {
            Some(Protocol::Stun) => self.arena.push(path, datagram),
            Some(Protocol::Dtls) => {
                peer.path.get_or_insert(path);
                self.arena.push(path, datagram);
            }
            // RTP and RTCP are ours alone to write: two writers with one key would repeat nonces.
            Some(Protocol::Rtp | Protocol::Rtcp) | None => {}
        }
    }

    fn on_rtc_event(&mut self, now: Instant, key: usize, event: RtcEvent) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        match event {
            RtcEvent::Connected => {
                peer.heard(now);
                peer.phase = Phase::Connected;
                self.events.push_back(Event::Connected {
                    peer: peer.name.clone(),
                });
                self.connected(now, key);
            }
            RtcEvent::ChannelOpen(id, label) => {
                peer.data.opened(id, &label);
                self.flush_data(now, key);
            }
            RtcEvent::ChannelClose(id) => peer.data.closed(id),
            RtcEvent::ChannelData(data) => {
                let Some(channel) = peer.data.channel_of(data.id) else {
                    return;
                };
                self.counters.data_in += 1;
                self.events.push_back(Event::Data {
                    peer: peer.name.clone(),
                    channel,
                    payload: data.data,
                });
            }
            RtcEvent::ChannelBufferedAmountLow(_) => self.flush_data(now, key),
            // Everything else is of no use to an SFU.
            _ => {}
        }
    }

    pub(crate) fn flush_data(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if !peer.data.has_backlog() {
            return;
        }
        let data = &mut peer.data;
        if let Err(fatal) = peer.rtc.call(|rtc| data.flush(rtc)) {
            self.fail(now, key, fatal);
        }
    }

    /// Panics inside the guard of `name`, as a defect of str0m's would.
    #[cfg(feature = "fault-injection")]
    #[allow(clippy::panic)]
    pub fn provoke_panic(&mut self, now: Instant, name: &str) {
        let Some(&key) = self.peer_names.get(name) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let panicked: Result<(), Fatal> = peer.rtc.call(|_| panic!("provoked by a test"));
        if let Err(fatal) = panicked {
            self.fail(now, key, fatal);
        }
    }

    /// The peer's `Rtc` can not go on.
    pub(crate) fn fail(&mut self, now: Instant, key: usize, fatal: Fatal) {
        let reason = match fatal {
            Fatal::Panic => {
                self.counters.panics += 1;
                CloseReason::Panic
            }
            Fatal::Refused => match self.peers.get(key).map(|peer| peer.phase) {
                Some(Phase::New | Phase::Connecting { .. }) => CloseReason::DtlsFailed,
                _ => CloseReason::Protocol,
            },
        };
        self.close(now, key, reason);
    }
}
