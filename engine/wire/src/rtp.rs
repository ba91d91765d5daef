//! RTP headers (RFC 3550 section 5): read as a view, written in place; protection is `srtp`'s matter, meaning the engine's.

use crate::extension::{self, Extensions, IdMap, Values};
use crate::reader::{Reader, Writer};

/// Length of an RTX payload's prefix, the original sequence number (RFC 4588).
pub const RTX_PREFIX: usize = 2;

/// Why bytes are not an RTP packet, or a header was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    #[error("the packet is cut short")]
    Truncated,
    #[error("not RTP version 2")]
    Version,
    #[error("the padding is longer than the payload, or zero")]
    Padding,
    #[error("the buffer or the extension block has no room")]
    NoRoom,
}

/// The fixed header. Contributing sources are read over and never written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    /// 7 bits.
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// A received packet as a view of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub header: Header,
    pub extensions: Extensions<'a>,
    /// Without padding.
    pub payload: &'a [u8],
    /// Bytes before the payload.
    pub header_length: usize,
    pub padding: u8,
}

/// Read a packet. With SRTP, payload and padding are still sealed: use `parse_header`.
pub fn parse(bytes: &[u8]) -> Result<Packet<'_>, RtpError> {
    let mut packet = parse_header(bytes)?;
    if bytes.first().is_some_and(|first| first & 0x20 != 0) {
        let padding = packet.payload.last().copied().unwrap_or(0);
        let kept = packet
            .payload
            .len()
            .checked_sub(usize::from(padding))
            .ok_or(RtpError::Padding)?;
        if padding == 0 {
            return Err(RtpError::Padding);
        }
        packet.payload = packet.payload.get(..kept).ok_or(RtpError::Padding)?;
        packet.padding = padding;
    }
    Ok(packet)
}

/// Read the header alone; `payload` is everything behind it, padding and tag included.
pub fn parse_header(bytes: &[u8]) -> Result<Packet<'_>, RtpError> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8().ok_or(RtpError::Truncated)?;
    if first >> 6 != 2 {
        return Err(RtpError::Version);
    }
    let (header, extensions) = fields(&mut reader, first).ok_or(RtpError::Truncated)?;
    let payload = reader.rest();
    Ok(Packet {
        header,
        extensions,
        payload,
        header_length: bytes.len().saturating_sub(payload.len()),
        padding: 0,
    })
}

fn fields<'a>(reader: &mut Reader<'a>, first: u8) -> Option<(Header, Extensions<'a>)> {
    let second = reader.u8()?;
    let header = Header {
        marker: second & 0x80 != 0,
        payload_type: second & 0x7F,
        sequence: reader.u16()?,
        timestamp: reader.u32()?,
        ssrc: reader.u32()?,
    };
    reader.take(usize::from(first & 15).checked_mul(4)?)?;
    let mut extensions = Extensions::default();
    if first & 0x10 != 0 {
        let profile = reader.u16()?;
        let words = usize::from(reader.u16()?);
        extensions = Extensions::new(profile, reader.take(words.checked_mul(4)?)?);
    }
    Some((header, extensions))
}

/// Write a header with those of `values` that have an id in `ids`, and return its length.
pub fn write_header(
    buffer: &mut [u8],
    header: &Header,
    values: &Values<'_>,
    ids: &IdMap,
) -> Result<usize, RtpError> {
    let mut writer = Writer::new(buffer);
    fixed(&mut writer, header).ok_or(RtpError::NoRoom)?;
    let extended = extension::write(&mut writer, values, ids)?;
    let length = writer.written();
    if extended && let Some(first) = buffer.first_mut() {
        *first |= 0x10;
    }
    Ok(length)
}

fn fixed(writer: &mut Writer<'_>, header: &Header) -> Option<()> {
    writer.u8(0x80)?;
    writer.u8(header.payload_type & 0x7F | u8::from(header.marker) << 7)?;
    writer.u16(header.sequence)?;
    writer.u32(header.timestamp)?;
    writer.u32(header.ssrc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Kind;
    use proptest::prelude::*;

    prop_compose! {
        fn headers()(marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32) -> Header {
            Header { marker, payload_type, sequence, timestamp, ssrc }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            header in headers(),
            payload in proptest::collection::vec(any::<u8>(), 0..60),
            carried in proptest::collection::btree_map(0_usize..10, proptest::collection::vec(any::<u8>(), 0..40), 0..10),
            first_id in 1_u8..10,
        ) {
            let mut ids = IdMap::default();
            let mut values = Values::default();
            for (kind, value) in &carried {
                let kind = Kind::ALL[*kind];
                ids.set(kind, first_id + kind as u8);
                if ids.id(kind).is_some() {
                    values.set(kind, value);
                }
            }
            let mut buffer = [0; 600];
            let length = write_header(&mut buffer, &header, &values, &ids).unwrap();
            buffer[length..length + payload.len()].copy_from_slice(&payload);

            let packet = parse(&buffer[..length + payload.len()]).unwrap();

            prop_assert_eq!(packet.header, header);
            prop_assert_eq!(packet.header_length, length);
            prop_assert_eq!(packet.payload, &payload[..]);
            prop_assert_eq!(packet.extensions.values(&ids), values);
        }

        #[test]
        fn any_bytes_give_a_packet_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packet) = parse(&bytes) {
                prop_assert!(packet.header_length + packet.payload.len() <= bytes.len());
                packet.extensions.iter().for_each(drop);
            }
        }

        #[test]
        fn a_small_buffer_is_refused_not_overrun(size in 0_usize..28) {
            let mut ids = IdMap::default();
            ids.set(Kind::Mid, 4);
            let mut values = Values::default();
            values.set(Kind::Mid, b"audio-0123");
            prop_assert_eq!(write_header(&mut vec![0; size], &Header::default(), &values, &ids), Err(RtpError::NoRoom));
        }
    }

    #[test]
    fn sources_and_padding_are_read_over() {
        let bytes = [
            0xA1,
            0x80 | 96,
            0,
            7,
            0,
            0,
            0,
            9,
            0,
            0,
            0,
            5,
            1,
            2,
            3,
            4,
            b'x',
            b'y',
            0,
            2,
        ];

        let packet = parse(&bytes).unwrap();

        assert_eq!(packet.payload, b"xy");
        assert_eq!(packet.padding, 2);
        assert!(packet.header.marker);
    }

    #[test]
    fn impossible_padding_is_an_error() {
        let with = |last: u8| [0xA0, 96, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, b'x', last];
        assert_eq!(parse(&with(3)), Err(RtpError::Padding));
        assert_eq!(parse(&with(0)), Err(RtpError::Padding));
        assert!(parse(&with(2)).is_ok());
    }

    #[test]
    fn short_values_take_the_one_byte_form_and_long_ones_the_two_byte_form() {
        let mut ids = IdMap::default();
        ids.set(Kind::Mid, 3);
        let mut buffer = [0; 64];
        let mut values = Values::default();

        values.set(Kind::Mid, b"0");
        write_header(&mut buffer, &Header::default(), &values, &ids).unwrap();
        assert_eq!(buffer[12..20], [0xBE, 0xDE, 0, 1, 0x30, b'0', 0, 0]);

        values.set(Kind::Mid, b"seventeen letters");
        write_header(&mut buffer, &Header::default(), &values, &ids).unwrap();
        assert_eq!(buffer[12..18], [0x10, 0, 0, 5, 3, 17]);
    }

    #[test]
    fn the_reserved_id_fifteen_ends_the_block() {
        let bytes = [
            0x90, 96, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, 0xBE, 0xDE, 0, 1, 0x10, 7, 0xF0, 1, b'x',
        ];
        let elements: Vec<_> = parse(&bytes).unwrap().extensions.iter().collect();
        assert_eq!(elements, [(1, &[7][..])]);
    }
}
