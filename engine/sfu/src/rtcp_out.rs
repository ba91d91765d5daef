//! The one writer of a peer's outgoing RTCP: sender reports about what it receives, and about what it sends receiver reports,
//! arrival times, what is missing, and keyframe requests. All is sealed with one index: str0m's RTCP never leaves.

use std::time::{Duration, Instant};

use huisclos_wire::rtcp::{Compound, ReportBlock, SenderInfo};

use crate::arena::Path;
use crate::peer::Peer;
use crate::section::{Section, SentReport};
use crate::sfu::Sfu;
use crate::srtp::RtcpSealer;
use crate::track::Track;
use crate::uplink::Role;

/// Below any path MTU, tag and index included.
const MAX_COMPOUND: usize = 1_150;
/// Room for the tag and the index of any profile.
const MAX_OVERHEAD: usize = 32;
/// Lip sync needs the mapping soon after the start and again whenever clocks have drifted.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Receiver reports in one packet (RFC 3550: five bits).
const MAX_BLOCKS: usize = 31;
/// One report and its CNAME.
const REPORT_BYTES: usize = 28 + 12 + 68;

impl Sfu {
    /// Sends what is due about the streams that `key` sends: when they came, and once a second how well.
    pub(crate) fn send_feedback(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(path) = peer.media_path() else {
            return;
        };
        let mut blocks = peer.due_reports(now);
        loop {
            let mut buffer = [0_u8; MAX_COMPOUND + MAX_OVERHEAD];
            let (body, _) = buffer.split_at_mut(MAX_COMPOUND);
            let mut compound = Compound::new(body);
            let Some(peer) = self.peers.get_mut(key) else {
                return;
            };
            let more = peer.write_feedback(&mut compound, &mut blocks);
            let length = compound.length();
            self.seal_rtcp(key, path, &mut buffer, length);
            if !more {
                return;
            }
        }
    }

    /// Asks `key` for the packets that are missing of its streams.
    pub(crate) fn send_nacks(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let mut buffer = [0_u8; MAX_COMPOUND + MAX_OVERHEAD];
        let (body, _) = buffer.split_at_mut(MAX_COMPOUND);
        let mut compound = Compound::new(body);
        let (sender, round_trip) = (peer.reporter(), peer.estimator.round_trip());
        peer.uplink.ask(now, round_trip, |stream, wanted| {
            // What finds no room now is asked for a round trip later.
            if compound.nack(sender, stream, wanted).is_ok() {
                self.counters.nacks_sent += 1;
            }
        });
        let length = compound.length();
        if let Some(path) = peer.media_path() {
            self.seal_rtcp(key, path, &mut buffer, length);
        }
    }

    /// Asks `key` for a keyframe of its stream `ssrc`.
    pub(crate) fn send_pli(&mut self, key: usize, ssrc: u32) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(path) = peer.media_path() else {
            return;
        };
        let mut buffer = [0_u8; 12 + MAX_OVERHEAD];
        let mut compound = Compound::new(&mut buffer);
        if compound.pli(peer.reporter(), ssrc).is_ok() {
            self.counters.plis_sent += 1;
            let length = compound.length();
            self.seal_rtcp(key, path, &mut buffer, length);
        }
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
    /// The SSRC under which we speak of the streams that the peer sends.
    fn reporter(&self) -> u32 {
        self.sections.first().map_or(1, |section| section.ssrc)
    }

    /// The receiver reports that are due; notes them as given.
    fn due_reports(&mut self, now: Instant) -> Vec<ReportBlock> {
        if now < self.uplink.report_at {
            return Vec::new();
        }
        self.uplink.report_at = now + REPORT_INTERVAL;
        let all = self.uplink.streams();
        let media = all.filter(|stream| matches!(stream.role, Role::Media { .. }));
        let blocks: Vec<ReportBlock> = media.filter_map(|stream| stream.report(now)).collect();
        for block in &blocks {
            self.window.reported_loss(block.fraction_lost);
        }
        blocks
    }

    /// Writes what fits of `blocks` and of the arrivals to tell. Returns whether there is more.
    fn write_feedback(
        &mut self,
        compound: &mut Compound<'_>,
        blocks: &mut Vec<ReportBlock>,
    ) -> bool {
        let sender = self.reporter();
        while !blocks.is_empty() {
            let rest = blocks.len().saturating_sub(MAX_BLOCKS);
            let some = blocks.get(rest..).unwrap_or_default();
            if compound.receiver_report(sender, some).is_err() {
                return compound.length() > 0;
            }
            blocks.truncate(rest);
        }
        let media = self.uplink.streams().next().map_or(0, |stream| stream.ssrc);
        while !self.uplink.arrivals.is_empty() {
            let (base, count, times) = self.uplink.arrivals.pending();
            match compound.transport_feedback(sender, media, base, count, times) {
                Ok(told) => self.uplink.arrivals.told(told),
                Err(_) => return compound.length() > 0,
            }
        }
        false
    }

    /// Whether any report may be due: cheap to ask at every tick.
    pub(crate) fn has_subscriptions(&self) -> bool {
        self.sections
            .iter()
            .any(|section| section.subscription.is_some())
    }
}
