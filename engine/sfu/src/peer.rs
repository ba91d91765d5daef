//! What the engine keeps of one peer connection, and how alive it is; what is done with it stands in the files named after the doing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpPendingOffer;
use str0m::crypto::dtls::SrtpProfile;
use str0m::media::Mid;

use crate::api::{Name, PeerStats};
use crate::arena::Path;
use crate::bandwidth::Estimator;
use crate::data::DataChannels;
use crate::guarded::GuardedRtc;
use crate::keytap::TappedKeys;
use crate::layers::Trial;
use crate::section::Section;
use crate::srtp::{Association, Profile, SrtpError};
use crate::track::TrackKey;
use crate::uplink::Uplink;

/// A client moves between networks, but not between dozens at once.
pub(crate) const MAX_REMOTES: usize = 20;

/// libwebrtc checks consent at least every 2.5 s; two lost checks are a broken path.
pub(crate) const SILENCE_UNREACHABLE: Duration = Duration::from_secs(5);
pub(crate) const SILENCE_CLOSED: Duration = Duration::from_secs(15);
/// From the first offer to the end of the DTLS handshake.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// How often a peer's own clockwork runs: reports, estimate, allocation, liveness.
pub(crate) const TICK: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing heard of it yet but its name.
    New,
    /// An offer came: ICE and DTLS are under way.
    Connecting {
        since: Instant,
    },
    Connected,
    /// Was connected, but says nothing any more.
    Unreachable,
}

/// A section on which the peer sends, and what the control plane calls it.
#[derive(Clone, Copy)]
pub(crate) struct Published {
    pub(crate) mid: Mid,
    pub(crate) track: TrackKey,
}

pub(crate) struct Peer {
    pub(crate) name: Name,
    pub(crate) room: usize,
    pub(crate) rtc: GuardedRtc,
    pub(crate) srtp: Option<Association>,
    pub(crate) phase: Phase,
    pub(crate) last_heard: Instant,
    /// Where media goes: the pair that the client nominated.
    pub(crate) path: Option<Path>,
    /// Every address the peer has shown to be its own, with ours that it reached.
    pub(crate) remotes: Vec<Path>,
    pub(crate) ufrag: String,
    /// Our own offer that waits for the client's answer, by its number.
    pub(crate) offered: Option<(u64, SdpPendingOffer)>,
    pub(crate) published: Vec<Published>,
    pub(crate) uplink: Uplink,
    pub(crate) sections: Vec<Section>,
    pub(crate) section_of_ssrc: HashMap<u32, usize>,
    pub(crate) data: DataChannels,
    pub(crate) estimator: Estimator,
    pub(crate) window: StatsWindow,
    pub(crate) trial: Trial,
    /// Distinguishes it from an earlier peer in the same slot.
    pub(crate) serial: u64,
    pub(crate) rtc_timeout: Instant,
    pub(crate) tick_at: Instant,
    /// The earliest timer entry that stands for it.
    pub(crate) scheduled: Option<Instant>,
}

impl Peer {
    pub(crate) fn new(name: Name, room: usize, rtc: GuardedRtc, serial: u64, now: Instant) -> Self {
        Peer {
            name,
            room,
            rtc,
            srtp: None,
            phase: Phase::New,
            last_heard: now,
            path: None,
            remotes: Vec::new(),
            ufrag: String::new(),
            offered: None,
            published: Vec::new(),
            uplink: Uplink::new(now),
            sections: Vec::new(),
            section_of_ssrc: HashMap::new(),
            data: DataChannels::default(),
            estimator: Estimator::new(now),
            window: StatsWindow::new(now),
            trial: Trial::default(),
            serial,
            rtc_timeout: now,
            tick_at: now + TICK,
            scheduled: None,
        }
    }

    /// Takes over the keys of the handshake that has just finished.
    pub(crate) fn install_keys(&mut self, keys: &TappedKeys) -> Result<(), SrtpError> {
        let profile = match keys.profile {
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            _ => return Err(SrtpError::Material),
        };
        self.srtp = Some(Association::new(profile, &keys.material, keys.is_client)?);
        Ok(())
    }

    /// Our address that the peer at `remote` has reached.
    pub(crate) fn path_to(&self, remote: SocketAddr) -> Path {
        let known = self.remotes.iter().find(|path| path.remote == remote);
        known.copied().unwrap_or(Path {
            local: None,
            remote,
        })
    }

    /// Where to forward to, if media may flow now.
    pub(crate) fn media_path(&self) -> Option<Path> {
        (self.phase == Phase::Connected)
            .then_some(self.path)
            .flatten()
    }

    pub(crate) fn section_index(&self, mid: &str) -> Option<usize> {
        self.sections
            .iter()
            .position(|section| &*section.mid == mid)
    }

    /// Something authentic came from the peer.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.last_heard = self.last_heard.max(now);
    }
}

/// Counts over the window that `PeerStats` tells of.
pub(crate) struct StatsWindow {
    began: Instant,
    /// Of 256, over all reports that we gave in the window.
    lost: u32,
    reports: u32,
}

impl StatsWindow {
    const LENGTH: Duration = Duration::from_secs(5);

    fn new(now: Instant) -> Self {
        StatsWindow {
            began: now,
            lost: 0,
            reports: 0,
        }
    }

    /// We reported `fraction` of 256 lost of one stream that the peer sends.
    pub(crate) fn reported_loss(&mut self, fraction: u8) {
        self.lost += u32::from(fraction);
        self.reports += 1;
    }

    /// The numbers of the window that ends now, and a new one begins; `None` while it lasts.
    pub(crate) fn turn(&mut self, now: Instant, estimator: &mut Estimator) -> Option<PeerStats> {
        if now.saturating_duration_since(self.began) < Self::LENGTH {
            return None;
        }
        let loss_up = self.lost as f32 / (256.0 * self.reports.max(1) as f32);
        *self = StatsWindow::new(now);
        Some(PeerStats {
            loss_up,
            loss_down: estimator.loss(),
            rtt_ms: estimator.round_trip().as_secs_f32() * 1000.0,
            estimate_bps: estimator.estimate(),
            sent_bps: estimator.sent(now),
        })
    }
}
