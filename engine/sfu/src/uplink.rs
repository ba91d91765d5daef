//! What a peer sends us: which stream is which, what of it came and what is missing. Packets are opened by `rtp_in`, what is said
//! about them is written by `rtcp_out`.

mod arrivals;
mod missing;
mod stream;

use std::time::{Duration, Instant};

use huisclos_wire::extension::{Extensions, IdMap, Kind};
use str0m::format::CodecSpec;
use str0m::media::{Mid, Rid};

pub(crate) use arrivals::Arrivals;
pub(crate) use stream::{Role, Stream};

use crate::track::TrackKey;

/// Streams that one publisher may send: 16 tracks of three layers, each with its resends, and room for restarts.
const MOST: usize = 128;

/// A section on which the peer may send.
pub(crate) struct Sending {
    pub(crate) mid: Mid,
    pub(crate) is_audio: bool,
    /// The SSRCs of media and of its resends, where the description names them.
    pub(crate) declared: Vec<(u32, Option<u32>)>,
}

/// A codec as the peer numbers it.
#[derive(Clone, Copy)]
pub(crate) struct Coding {
    pub(crate) payload_type: u8,
    pub(crate) repair: Option<u8>,
    pub(crate) spec: CodecSpec,
}

pub(crate) struct Uplink {
    pub(crate) sections: Vec<Sending>,
    pub(crate) codings: Vec<Coding>,
    pub(crate) ids: IdMap,
    pub(crate) arrivals: Arrivals,
    streams: Vec<Stream>,
    /// When missing packets are to be asked for.
    pub(crate) ask_at: Option<Instant>,
    /// When receiver reports are due.
    pub(crate) report_at: Instant,
}

/// What the engine reads of a packet's header extensions.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) transport_number: Option<u16>,
    /// -dBov, 0 to 127 (RFC 6464).
    pub(crate) level: Option<u8>,
    pub(crate) orientation: Option<u8>,
}

impl Uplink {
    pub(crate) fn new(now: Instant) -> Self {
        Uplink {
            sections: Vec::new(),
            codings: Vec::new(),
            ids: IdMap::default(),
            arrivals: Arrivals::new(now),
            streams: Vec::new(),
            ask_at: None,
            report_at: now,
        }
    }

    pub(crate) fn stream(&mut self, ssrc: u32) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.ssrc == ssrc)
    }

    pub(crate) fn streams(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.streams.iter_mut()
    }

    /// The stream whose resends a repair stream of this section and layer carries.
    pub(crate) fn repaired(&mut self, mid: Mid, rid: Option<Rid>) -> Option<&mut Stream> {
        let media = Role::Media { mid, rid };
        let all = self.streams.iter_mut();
        all.filter(|stream| stream.role == media)
            .max_by_key(|stream| stream.used)
    }

    /// What a stream seen for the first time is: by its SSRC in the description, else by what its packet says. `None` when
    /// it is of no section that was negotiated.
    pub(crate) fn role(
        &self,
        ssrc: u32,
        payload_type: u8,
        extensions: &Extensions<'_>,
    ) -> Option<Role> {
        if ssrc == 0 {
            return Some(Role::Probe);
        }
        for section in &self.sections {
            let (mid, rid) = (section.mid, None);
            for &(media, repair) in &section.declared {
                if media == ssrc {
                    return Some(Role::Media { mid, rid });
                }
                if repair == Some(ssrc) {
                    return Some(Role::Repair { mid, rid });
                }
            }
        }
        let values = extensions.values(&self.ids);
        let text = |kind| {
            values
                .get(kind)
                .and_then(|value| str::from_utf8(value).ok())
        };
        let mid = Mid::from(text(Kind::Mid)?);
        self.sections.iter().find(|section| section.mid == mid)?;
        let rid = text(Kind::Rid).map(Rid::from);
        if let (None, Some(repaired)) = (rid, text(Kind::RepairedRid)) {
            let rid = Some(Rid::from(repaired));
            return Some(Role::Repair { mid, rid });
        }
        Some(if rid.is_none() && self.is_repair(payload_type) {
            Role::Repair { mid, rid }
        } else {
            Role::Media { mid, rid }
        })
    }

    /// Remembers a stream, one packet of which has authenticated. The longest unused gives way.
    pub(crate) fn add(&mut self, now: Instant, ssrc: u32, role: Role) -> Option<&mut Stream> {
        if self.streams.len() >= MOST {
            let all = self.streams.iter().enumerate();
            let (oldest, _) = all.min_by_key(|(_, stream)| stream.used)?;
            self.streams.swap_remove(oldest);
        }
        let repairable = match role {
            Role::Media { mid, .. } => self.is_repairable(mid, ssrc),
            Role::Repair { .. } | Role::Probe => false,
        };
        self.streams.push(Stream::new(now, ssrc, role, repairable));
        self.streams.last_mut()
    }

    /// Whether lost packets of a stream may be asked for: of video, unless the description names the stream and no resends
    /// of it.
    fn is_repairable(&self, mid: Mid, ssrc: u32) -> bool {
        let Some(section) = self.sections.iter().find(|section| section.mid == mid) else {
            return false;
        };
        let mut declared = section.declared.iter();
        let named = declared.find(|(media, _)| *media == ssrc);
        !section.is_audio && named.is_none_or(|(_, repair)| repair.is_some())
    }

    fn is_repair(&self, payload_type: u8) -> bool {
        self.codings
            .iter()
            .any(|coding| coding.repair == Some(payload_type))
    }

    pub(crate) fn coding(&self, payload_type: u8) -> Option<Coding> {
        let mut all = self.codings.iter();
        all.find(|coding| coding.payload_type == payload_type)
            .copied()
    }

    /// The payload type of what is resent as `payload_type`.
    pub(crate) fn repaired_payload_type(&self, payload_type: u8) -> Option<u8> {
        let mut all = self.codings.iter();
        all.find(|coding| coding.repair == Some(payload_type))
            .map(|coding| coding.payload_type)
    }

    pub(crate) fn marks(&self, extensions: &Extensions<'_>) -> Marks {
        let mut marks = Marks::default();
        for (id, value) in extensions.iter() {
            match (self.ids.kind(id), value) {
                (Some(Kind::TransportSequence), &[high, low]) => {
                    marks.transport_number = Some(u16::from_be_bytes([high, low]));
                }
                (Some(Kind::AudioLevel), &[level]) => marks.level = Some(level & 0x7F),
                (Some(Kind::VideoOrientation), &[turned]) => marks.orientation = Some(turned),
                _ => {}
            }
        }
        marks
    }

    /// The track and layer of an SSRC, once bound.
    pub(crate) fn source(&self, ssrc: u32) -> Option<(TrackKey, u8)> {
        let mut all = self.streams.iter();
        all.find(|stream| stream.ssrc == ssrc)?.source
    }

    /// `ssrc` alone is the layer of the track from now on.
    pub(crate) fn bind(&mut self, ssrc: u32, track: TrackKey, layer: u8) {
        for stream in &mut self.streams {
            if stream.ssrc == ssrc {
                stream.source = Some((track, layer));
            } else if stream.source == Some((track, layer)) {
                stream.source = None;
            }
        }
    }

    pub(crate) fn forget_track(&mut self, track: TrackKey) {
        for stream in &mut self.streams {
            stream.source = stream.source.filter(|(known, _)| *known != track);
        }
    }

    /// Appends what is to be asked for again, as (stream, sequence numbers), and finds out when to ask next.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        round_trip: Duration,
        mut tell: impl FnMut(u32, &[u16]),
    ) {
        let mut wanted = Vec::new();
        let mut next: Option<Instant> = None;
        for stream in &mut self.streams {
            wanted.clear();
            stream.missing.ask(now, round_trip, &mut wanted);
            if !wanted.is_empty() {
                tell(stream.ssrc, &wanted);
            }
            let due = stream.missing.next_timeout();
            next = next.into_iter().chain(due).min();
        }
        self.ask_at = next;
    }
}
