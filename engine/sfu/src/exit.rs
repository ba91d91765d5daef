//! Writes and seals one packet for one peer, in place in the arena; which packets those are is decided by `forward` and `rtcp_in`.

use std::time::Instant;

use huisclos_wire::rtp::{Header, RTX_PREFIX};
use huisclos_wire::vp8::{self, PictureNumbers};

use crate::arena::{Arena, Path};
use crate::bandwidth::Estimator;
use crate::section::Section;
use crate::srtp::RtpSealer;

/// One RTP packet as it is to be sealed.
pub(crate) struct Outbound<'a> {
    pub(crate) header: Header,
    pub(crate) index: u64,
    /// In an RTX packet, the sequence number that it repeats.
    pub(crate) repeats: Option<u16>,
    pub(crate) payload: &'a [u8],
    pub(crate) vp8: Option<PictureNumbers>,
    pub(crate) orientation: Option<u8>,
    /// Bytes of RTP padding behind the payload.
    pub(crate) padding: u8,
}

/// Where and with what keys a section's packets leave.
pub(crate) struct Exit<'a> {
    pub(crate) arena: &'a mut Arena,
    pub(crate) path: Path,
    pub(crate) sealer: &'a RtpSealer,
    pub(crate) estimator: &'a mut Estimator,
}

impl Exit<'_> {
    /// Writes and seals one packet into the arena; returns its size on the wire.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        section: &Section,
        packet: &Outbound<'_>,
    ) -> Option<usize> {
        let template = section.template(packet.orientation);
        let header_length = template.length();
        let prefix = if packet.repeats.is_some() {
            RTX_PREFIX
        } else {
            0
        };
        let length = header_length + prefix + packet.payload.len() + usize::from(packet.padding);
        let size = length + self.sealer.profile().rtp_overhead();
        if header_length == 0 {
            return None;
        }
        let number = self.estimator.on_sent(now, size);
        let sealer = self.sealer;
        self.arena.push_with(self.path, |bytes| {
            let start = bytes.len();
            template.write(
                bytes,
                &packet.header,
                number,
                packet.orientation,
                packet.padding > 0,
            );
            if let Some(sequence) = packet.repeats {
                bytes.extend_from_slice(&sequence.to_be_bytes());
            }
            bytes.extend_from_slice(packet.payload);
            bytes.resize(start + size, 0);
            let Some(written) = bytes.get_mut(start..) else {
                return false;
            };
            if let (true, Some(last)) = (packet.padding > 0, written.get_mut(length - 1)) {
                *last = packet.padding;
            }
            if let Some(numbers) = &packet.vp8
                && let Some(payload) = written.get_mut(header_length + prefix..)
            {
                vp8::renumber(payload, numbers);
            }
            sealer
                .seal(
                    written,
                    header_length,
                    length,
                    packet.header.ssrc,
                    packet.index,
                )
                .is_ok()
        })
    }
}
