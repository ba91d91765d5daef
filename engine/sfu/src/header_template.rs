//! The header of one section's packets, written once and then only filled in; which extensions it has is `section`'s matter.

use huisclos_wire::rtp::Header;

/// Says that the last bytes of the payload are padding (RFC 3550 §5.1).
const PADDING_BIT: u8 = 0x20;

/// Room for the longest header that we write: fixed part, MID of 16 bytes, transport number, orientation, padding.
pub(crate) const MAX_HEADER: usize = 64;

/// The header of a section's packets with the places of what changes from packet to packet.
///
/// Writing extensions one by one for every packet to every subscriber would cost as much as sealing it.
#[derive(Clone, Copy)]
pub(crate) struct HeaderTemplate {
    bytes: [u8; MAX_HEADER],
    length: usize,
    /// Where the transport-wide number (two bytes) and the orientation (one byte) stand.
    number_at: Option<usize>,
    orientation_at: Option<usize>,
}

impl HeaderTemplate {
    pub(crate) const EMPTY: HeaderTemplate = HeaderTemplate {
        bytes: [0; MAX_HEADER],
        length: 0,
        number_at: None,
        orientation_at: None,
    };

    /// `write` is asked for the header with two different values, and where they differ the values stand. The
    /// orientation takes the first byte of the number for that.
    pub(crate) fn new(write: impl Fn(u16) -> Option<([u8; MAX_HEADER], usize)>) -> HeaderTemplate {
        let (Some((bytes, length)), Some((other, _))) = (write(0), write(0xFFFF)) else {
            return HeaderTemplate::EMPTY;
        };
        let mut template = HeaderTemplate {
            bytes,
            length,
            ..HeaderTemplate::EMPTY
        };
        let differs = |at: usize| at < length && bytes.get(at) != other.get(at);
        for at in (0..length).filter(|at| differs(*at)) {
            if differs(at + 1) && template.number_at.is_none() {
                template.number_at = Some(at);
            } else if template.number_at != Some(at.wrapping_sub(1)) {
                template.orientation_at = Some(at);
            }
        }
        template
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Appends the header of one packet to `bytes`.
    pub(crate) fn write(
        &self,
        bytes: &mut Vec<u8>,
        header: &Header,
        number: u16,
        orientation: Option<u8>,
        padded: bool,
    ) {
        let mut out = self.bytes;
        let [first, second, fixed @ ..] = &mut out;
        if padded {
            *first |= PADDING_BIT;
        }
        *second = header.payload_type & 0x7F | u8::from(header.marker) << 7;
        if let Some((sequence, rest)) = fixed.split_first_chunk_mut::<2>() {
            *sequence = header.sequence.to_be_bytes();
            if let Some((timestamp, rest)) = rest.split_first_chunk_mut::<4>() {
                *timestamp = header.timestamp.to_be_bytes();
                if let Some((ssrc, _)) = rest.split_first_chunk_mut::<4>() {
                    *ssrc = header.ssrc.to_be_bytes();
                }
            }
        }
        if let Some(place) = self.number_at.and_then(|at| out.get_mut(at..at + 2)) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        if let (Some(place), Some(turned)) = (
            self.orientation_at.and_then(|at| out.get_mut(at)),
            orientation,
        ) {
            *place = turned;
        }
        bytes.extend_from_slice(out.get(..self.length).unwrap_or_default());
    }
}
