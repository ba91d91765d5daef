//! The one writer of a peer's outgoing RTCP: our sender reports, and what str0m says about the streams it receives, sealed with
//! one index.
//!
//! str0m seals with the same keys and its own index, from 0. Were its datagrams to leave beside ours, nonces would repeat; so
//! they are opened here, filtered, and sealed again.

use std::time::{Duration, Instant};

use huisclos_wire::rtcp::{self, Compound, Packet, SenderInfo};

use crate::arena::Path;
use crate::peer::Peer;
use crate::section::{Section, SentReport};
use crate::sfu::Sfu;
use crate::srtp::RtcpSealer;
use crate::track::Track;

/// Below any path MTU, tag and index included.
const MAX_COMPOUND: usize = 1_150;
/// Room for the tag and the index of any profile.
const MAX_OVERHEAD: usize = 32;
/// Lip sync needs the mapping soon after the start and again whenever clocks have drifted.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// One report and its CNAME.
const REPORT_BYTES: usize = 28 + 12 + 68;

impl Sfu {
    /// Sends on what str0m sealed, without what it says about streams that are ours.
    pub(crate) fn send_filtered_rtcp(&mut self, key: usize, path: Path, datagram: &mut [u8]) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(srtp) = &mut peer.srtp else { return };
        let Ok(length) = srtp.own_rtcp.open(datagram) else {
            self.counters.srtp_failed += 1;
            return;
        };
        let mut buffer = [0_u8; MAX_COMPOUND + MAX_OVERHEAD];
        let (body, _) = buffer.split_at_mut(MAX_COMPOUND);
        let mut compound = Compound::new(body);
        for element in rtcp::parse(datagram.get(..length).unwrap_or_default()).flatten() {
            match &element.packet {
                Packet::SenderReport { .. } | Packet::Description { .. } => continue,
                Packet::ReceiverReport { blocks, .. } => {
                    blocks.for_each(|block| peer.window.reported_loss(block.fraction_lost));
                }
                Packet::Pli { .. } | Packet::Fir { .. } => self.counters.plis_sent += 1,
                _ => {}
            }
            if compound.raw(element.raw).is_err() {
                break;
            }
        }
        let length = compound.length();
        self.seal_rtcp(key, path, &mut buffer, length);
    }

    /// Sends the sender reports that are due for what `key` receives.
    pub(crate) fn send_reports(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(path) = peer.media_path() else {
            return;
        };
        let mut next = 0;
        loop {
            let mut buffer = [0_u8; MAX_COMPOUND + MAX_OVERHEAD];
            let (body, _) = buffer.split_at_mut(MAX_COMPOUND);
            let mut compound = Compound::new(body);
            let Some(peer) = self.peers.get_mut(key) else {
                return;
            };
            while let Some(section) = peer.sections.get_mut(next)
                && compound.length() + REPORT_BYTES <= MAX_COMPOUND
            {
                next += 1;
                let track = section
                    .subscription
                    .as_ref()
                    .and_then(|subscription| self.tracks.get(subscription.track));
                if let Some(track) = track {
                    section.report(now, track, &mut compound);
                }
            }
            let (length, done) = (compound.length(), next >= peer.sections.len());
            self.seal_rtcp(key, path, &mut buffer, length);
            if done {
                return;
            }
        }
    }

    fn seal_rtcp(&mut self, key: usize, path: Path, buffer: &mut [u8], length: usize) {
        if length == 0 {
            return;
        }
        let Some(srtp) = self.peers.get_mut(key).and_then(|peer| peer.srtp.as_mut()) else {
            return;
        };
        let sealer: &mut RtcpSealer = &mut srtp.rtcp;
        match sealer.seal(buffer, length) {
            Ok(sealed) => {
                self.counters.packets_out += 1;
                self.counters.bytes_out += sealed as u64;
                self.arena
                    .push(path, buffer.get(..sealed).unwrap_or_default());
            }
            Err(_) => self.counters.srtp_failed += 1,
        }
    }
}

impl Section {
    /// Adds a sender report, if one is due and the publisher has told us its clock.
    ///
    /// The NTP time is the publisher's own, so that its audio and video agree whatever our clock says.
    fn report(&mut self, now: Instant, track: &Track, compound: &mut Compound<'_>) {
        if self.packets == 0 || self.report_at.is_some_and(|at| now < at) {
            return;
        }
        let Some(layer) = self.continuity.current() else {
            return;
        };
        let Some(reported) = track.layer(layer).and_then(|layer| layer.clock) else {
            return;
        };
        let elapsed = now.saturating_duration_since(reported.received);
        let clock_rate = if self.is_audio { 48_000 } else { 90_000 };
        let ticks = (elapsed.as_micros() * clock_rate / 1_000_000) as u32;
        let ntp = reported
            .clock
            .ntp
            .wrapping_add(((elapsed.as_micros() << 32) / 1_000_000) as u64);
        let Some(rtp) = self
            .continuity
            .outgoing_time(layer, reported.clock.rtp.wrapping_add(ticks))
        else {
            return;
        };
        let info = SenderInfo {
            ntp,
            rtp,
            packets: self.packets,
            octets: self.octets,
        };
        if compound.sender_report(self.ssrc, &info, &[]).is_err() {
            return;
        }
        // Without its CNAME a report is still good for the clock.
        let _ = compound.description(self.ssrc, &self.cname);
        self.report_at = Some(now + REPORT_INTERVAL);
        self.reports.rotate_right(1);
        if let Some(slot) = self.reports.first_mut() {
            *slot = Some(SentReport {
                stamp: (ntp >> 16) as u32,
                at: now,
            });
        }
    }
}

impl Peer {
    /// Whether any report may be due: cheap to ask at every tick.
    pub(crate) fn has_subscriptions(&self) -> bool {
        self.sections
            .iter()
            .any(|section| section.subscription.is_some())
    }
}
