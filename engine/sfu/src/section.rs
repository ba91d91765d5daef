//! One section of a peer's connection on which we send: its SSRCs and numbering, which live as long as the peer, and the
//! subscription that uses it now.
//!
//! The numbering is never begun anew: with the same key, an index used twice would give the key away.

use std::time::Instant;

use huisclos_wire::extension::{IdMap, Kind, Values};
use huisclos_wire::rtp::{self, Header};
use str0m::format::{Codec, CodecSpec};
use str0m::media::Mid;

use crate::api::Wish;
use crate::header_template::{HeaderTemplate, MAX_HEADER};
use crate::history::ResendBudget;
use crate::rewrite::{Continuity, Outgoing, RtxCounter};
use crate::track::{Packet, TrackKey};

/// A codec as this connection numbers it.
#[derive(Clone, Copy)]
pub(crate) struct Format {
    pub(crate) payload_type: u8,
    pub(crate) rtx: Option<u8>,
    pub(crate) spec: CodecSpec,
}

impl Format {
    /// Whether a stream of `other` can be sent as this.
    fn carries(&self, other: &CodecSpec) -> bool {
        if self.spec.codec != other.codec {
            return false;
        }
        let (ours, theirs) = (&self.spec.format, &other.format);
        match other.codec {
            // RFC 6184 §8.2.2: the profile (first byte) and the packetization mode must agree, the level may differ.
            Codec::H264 => {
                ours.packetization_mode.unwrap_or(0) == theirs.packetization_mode.unwrap_or(0)
                    && ours.profile_level_id.map(|id| id >> 16)
                        == theirs.profile_level_id.map(|id| id >> 16)
            }
            Codec::Vp9 => ours.profile_id.unwrap_or(0) == theirs.profile_id.unwrap_or(0),
            _ => true,
        }
    }
}

pub(crate) struct Subscription {
    pub(crate) track: TrackKey,
    pub(crate) wish: Wish,
    /// What congestion control told the subscriber last.
    pub(crate) told_paused: bool,
    /// Outgoing indexes up to this one belong to an earlier subscription: not to be sent again from this track.
    pub(crate) since: Option<u64>,
    /// The last payload type that came in and what it becomes, so that the search is not made per packet.
    mapped: Option<(u8, Format)>,
}

impl Subscription {
    pub(crate) fn new(track: TrackKey, since: Option<u64>) -> Self {
        Subscription {
            track,
            wish: Wish::default(),
            told_paused: false,
            since,
            mapped: None,
        }
    }
}

/// A sender report that left, to recognise in the receiver's answer.
#[derive(Clone, Copy)]
pub(crate) struct SentReport {
    /// The middle 32 bits of its NTP time.
    pub(crate) stamp: u32,
    pub(crate) at: Instant,
}

pub(crate) struct Section {
    pub(crate) mid: Mid,
    pub(crate) is_audio: bool,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: Option<u32>,
    pub(crate) cname: String,
    pub(crate) formats: Vec<Format>,
    pub(crate) ids: IdMap,
    pub(crate) subscription: Option<Subscription>,
    pub(crate) continuity: Continuity,
    pub(crate) rtx: RtxCounter,
    pub(crate) budget: ResendBudget,
    plain: HeaderTemplate,
    turned: HeaderTemplate,
    /// A receiver report named our SSRC: the receiver knows where it belongs, MID need not be sent any more (RFC 8843 §9.2).
    pub(crate) acknowledged: bool,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
    pub(crate) reports: [Option<SentReport>; 4],
    pub(crate) report_at: Option<Instant>,
}

impl Section {
    pub(crate) fn new(
        mid: Mid,
        is_audio: bool,
        ssrc: u32,
        rtx_ssrc: Option<u32>,
        cname: String,
    ) -> Self {
        Section {
            mid,
            is_audio,
            ssrc,
            rtx_ssrc,
            cname,
            formats: Vec::new(),
            ids: IdMap::default(),
            subscription: None,
            continuity: Continuity::new(if is_audio { 48_000 } else { 90_000 }),
            // Any start is as good as another: SSRCs are random.
            rtx: RtxCounter::new(rtx_ssrc.unwrap_or(ssrc) as u16),
            budget: ResendBudget::new(),
            plain: HeaderTemplate::EMPTY,
            turned: HeaderTemplate::EMPTY,
            acknowledged: false,
            packets: 0,
            octets: 0,
            reports: [None; 4],
            report_at: None,
        }
    }

    /// How a packet that came in as `payload_type`, meaning `spec`, is numbered here; `None` when the peer has no such codec.
    pub(crate) fn format_for(
        &mut self,
        payload_type: u8,
        spec: Option<&CodecSpec>,
    ) -> Option<Format> {
        let subscription = self.subscription.as_mut()?;
        if let Some((known, format)) = subscription.mapped
            && known == payload_type
        {
            return Some(format);
        }
        let spec = spec?;
        let format = *self.formats.iter().find(|format| format.carries(spec))?;
        subscription.mapped = Some((payload_type, format));
        Some(format)
    }

    /// Forgets payload types worked out before: a new answer may have changed them.
    pub(crate) fn forget_mapping(&mut self) {
        if let Some(subscription) = &mut self.subscription {
            subscription.mapped = None;
        }
    }

    /// Works out anew how the headers of this section look: after a negotiation, and when MID need not be sent any more.
    pub(crate) fn renew_templates(&mut self) {
        self.plain = HeaderTemplate::new(|number| self.write_extensions(number, false));
        self.turned = HeaderTemplate::new(|number| self.write_extensions(number, true));
    }

    fn write_extensions(&self, number: u16, turned: bool) -> Option<([u8; MAX_HEADER], usize)> {
        let number = number.to_be_bytes();
        let mut values = Values::default();
        if !self.acknowledged {
            values.set(Kind::Mid, self.mid.as_bytes());
        }
        values.set(Kind::TransportSequence, &number);
        let orientation = number;
        if turned {
            values.set(Kind::VideoOrientation, orientation.get(..1)?);
        }
        let mut buffer = [0; MAX_HEADER];
        let length = rtp::write_header(&mut buffer, &Header::default(), &values, &self.ids).ok()?;
        Some((buffer, length))
    }

    pub(crate) fn template(&self, orientation: Option<u8>) -> &HeaderTemplate {
        if orientation.is_some() {
            &self.turned
        } else {
            &self.plain
        }
    }

    /// The header of `packet` as it leaves here.
    pub(crate) fn header(&self, packet: &Packet, outgoing: &Outgoing, payload_type: u8) -> Header {
        Header {
            marker: packet.marker,
            payload_type,
            sequence: outgoing.sequence(),
            timestamp: outgoing.timestamp,
            ssrc: self.ssrc,
        }
    }

    pub(crate) fn count_sent(&mut self, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(kinds: &[(Kind, u8)]) -> Section {
        let mut section = Section::new(Mid::from("12"), false, 7, Some(8), "cname".to_owned());
        for (kind, id) in kinds {
            section.ids.set(*kind, *id);
        }
        section.renew_templates();
        section
    }

    const HEADER: Header = Header {
        marker: true,
        payload_type: 96,
        sequence: 0x1234,
        timestamp: 0xDEAD_BEEF,
        ssrc: 7,
    };

    #[test]
    fn a_header_from_the_template_reads_back_as_what_was_asked_for() {
        let all = [
            (Kind::Mid, 4),
            (Kind::TransportSequence, 3),
            (Kind::VideoOrientation, 13),
        ];
        for kinds in [&all[..], &all[..2], &all[1..], &all[..1], &[]] {
            for orientation in [None, Some(2)] {
                let section = section(kinds);
                let mut bytes = Vec::new();
                section.template(orientation).write(
                    &mut bytes,
                    &HEADER,
                    0xABCD,
                    orientation,
                    false,
                );
                bytes.push(0);
                let packet = rtp::parse(&bytes).unwrap();
                let has = |kind| kinds.iter().any(|(known, _)| *known == kind);
                let values = packet.extensions.values(&section.ids);
                assert_eq!(packet.header, HEADER);
                assert_eq!(
                    values.get(Kind::TransportSequence),
                    has(Kind::TransportSequence).then_some(&[0xAB, 0xCD][..])
                );
                assert_eq!(values.get(Kind::Mid), has(Kind::Mid).then_some(&b"12"[..]));
                let turned = orientation.filter(|_| has(Kind::VideoOrientation));
                assert_eq!(
                    values.get(Kind::VideoOrientation),
                    turned.as_ref().map(std::slice::from_ref)
                );
            }
        }
    }

    #[test]
    fn mid_is_left_out_once_the_receiver_knows_the_stream() {
        let mut section = section(&[(Kind::Mid, 4), (Kind::TransportSequence, 3)]);
        let before = section.template(None).length();
        section.acknowledged = true;
        section.renew_templates();
        assert!(section.template(None).length() < before);
    }
}
