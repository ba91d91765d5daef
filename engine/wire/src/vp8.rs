//! The VP8 payload descriptor (RFC 7741): read, renumbered in place, and whether a keyframe begins. Of the frame itself only the
//! first bit is read, which end-to-end encryption leaves clear.

use crate::reader::Reader;

/// The numbers in a descriptor that a receiver expects to run on without a jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureNumbers {
    pub picture: Option<PictureId>,
    /// TL0PICIDX, 8 bits.
    pub tl0: Option<u8>,
    /// KEYIDX, 5 bits.
    pub key: Option<u8>,
}

/// PictureID in the size it was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureId {
    /// 7 bits.
    Short(u8),
    /// 15 bits.
    Long(u16),
}

/// What a descriptor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub numbers: PictureNumbers,
    /// Temporal layer, where told.
    pub temporal: Option<u8>,
    /// This packet begins a frame.
    pub starts_frame: bool,
    /// This packet begins a keyframe.
    pub starts_keyframe: bool,
    /// Length of the descriptor.
    pub length: usize,
}

/// Where each number stands, from one walk over the optional bytes.
struct Layout {
    picture: Option<(usize, PictureId)>,
    tl0: Option<(usize, u8)>,
    /// The whole byte: temporal layer, Y and KEYIDX.
    temporal: Option<(usize, u8)>,
    has_temporal: bool,
    has_key: bool,
    length: usize,
}

fn layout(payload: &[u8]) -> Option<Layout> {
    let mut reader = Reader::new(payload);
    let first = reader.u8()?;
    let flags = if first & 0x80 != 0 { reader.u8()? } else { 0 };
    let at = |reader: Reader<'_>| payload.len().saturating_sub(reader.rest().len());
    let mut picture = None;
    if flags & 0x80 != 0 {
        let position = at(reader);
        let high = reader.u8()?;
        let id = if high & 0x80 != 0 {
            PictureId::Long(u16::from_be_bytes([high & 0x7F, reader.u8()?]))
        } else {
            PictureId::Short(high)
        };
        picture = Some((position, id));
    }
    let mut tl0 = None;
    if flags & 0x40 != 0 {
        tl0 = Some((at(reader), reader.u8()?));
    }
    let mut temporal = None;
    if flags & 0x30 != 0 {
        temporal = Some((at(reader), reader.u8()?));
    }
    Some(Layout {
        picture,
        tl0,
        temporal,
        has_temporal: flags & 0x20 != 0,
        has_key: flags & 0x10 != 0,
        length: at(reader),
    })
}

/// Read the descriptor at the front of a VP8 payload; `None` when it is cut short or nothing follows it.
pub fn parse(payload: &[u8]) -> Option<Descriptor> {
    let layout = layout(payload)?;
    let first = *payload.first()?;
    // S set and partition 0: the frame header follows, whose lowest bit is 0 in a keyframe (RFC 6386 section 9.1).
    let starts_frame = first & 0x10 != 0 && first & 0x07 == 0;
    let frame = *payload.get(layout.length)?;
    Some(Descriptor {
        numbers: PictureNumbers {
            picture: layout.picture.map(|(_, id)| id),
            tl0: layout.tl0.map(|(_, value)| value),
            key: layout
                .temporal
                .filter(|_| layout.has_key)
                .map(|(_, byte)| byte & 0x1F),
        },
        temporal: layout
            .temporal
            .filter(|_| layout.has_temporal)
            .map(|(_, byte)| byte >> 6),
        starts_frame,
        starts_keyframe: starts_frame && frame & 1 == 0,
        length: layout.length,
    })
}

/// Write `numbers` into the descriptor at the front of `payload`. Sizes do not change: a number that the descriptor has
/// no place for is not written, a long picture id in a short place is cut to 7 bits. `None` when it is cut short.
pub fn renumber(payload: &mut [u8], numbers: &PictureNumbers) -> Option<()> {
    let layout = layout(payload)?;
    if let (Some((at, old)), Some(new)) = (layout.picture, numbers.picture) {
        let value = match new {
            PictureId::Short(value) => u16::from(value),
            PictureId::Long(value) => value,
        };
        let [high, low] = (value & 0x7FFF).to_be_bytes();
        match old {
            PictureId::Short(_) => *payload.get_mut(at)? = low & 0x7F,
            PictureId::Long(_) => payload
                .get_mut(at..at.checked_add(2)?)?
                .copy_from_slice(&[high | 0x80, low]),
        }
    }
    if let (Some((at, _)), Some(new)) = (layout.tl0, numbers.tl0) {
        *payload.get_mut(at)? = new;
    }
    if let (Some((at, old)), Some(new), true) = (layout.temporal, numbers.key, layout.has_key) {
        *payload.get_mut(at)? = old & 0xE0 | new & 0x1F;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn libwebrtcs_long_descriptor_is_read() {
        // X, S; I, L, T, K; picture 0x1234, TL0PICIDX 7, temporal layer 2 with Y, KEYIDX 9; keyframe bit clear.
        let payload = [0x90, 0xF0, 0x92, 0x34, 7, 0xA9, 0x10, 0xFF];

        let descriptor = parse(&payload).unwrap();

        assert_eq!(
            descriptor.numbers,
            PictureNumbers {
                picture: Some(PictureId::Long(0x1234)),
                tl0: Some(7),
                key: Some(9)
            }
        );
        assert_eq!(descriptor.temporal, Some(2));
        assert_eq!(descriptor.length, 6);
        assert!(descriptor.starts_keyframe);
    }

    #[test]
    fn only_the_first_packet_of_a_keyframe_starts_one() {
        assert!(parse(&[0x10, 0x00]).unwrap().starts_keyframe);
        assert!(
            !parse(&[0x10, 0x01]).unwrap().starts_keyframe,
            "an interframe"
        );
        assert!(
            !parse(&[0x00, 0x00]).unwrap().starts_keyframe,
            "a continuation"
        );
        assert!(
            !parse(&[0x11, 0x00]).unwrap().starts_keyframe,
            "a later partition"
        );
    }

    #[test]
    fn a_descriptor_without_a_frame_behind_it_is_nothing() {
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&[0x10]), None);
        assert_eq!(parse(&[0x90, 0x80, 0x80]), None);
    }

    proptest! {
        #[test]
        fn renumbering_changes_the_numbers_and_nothing_else(
            payload in proptest::collection::vec(any::<u8>(), 1..20), picture in 0_u16..1 << 15, tl0: u8, key in 0_u8..32,
        ) {
            let Some(before) = parse(&payload) else { return Ok(()) };
            let wanted = PictureNumbers {
                picture: before.numbers.picture.map(|id| match id {
                    PictureId::Short(_) => PictureId::Short((picture & 0x7F) as u8),
                    PictureId::Long(_) => PictureId::Long(picture),
                }),
                tl0: before.numbers.tl0.map(|_| tl0),
                key: before.numbers.key.map(|_| key),
            };
            let mut renumbered = payload.clone();

            renumber(&mut renumbered, &wanted).unwrap();

            let after = parse(&renumbered).unwrap();
            prop_assert_eq!(after, Descriptor { numbers: wanted, ..before });
            renumber(&mut renumbered, &before.numbers).unwrap();
            prop_assert_eq!(renumbered, payload);
        }
    }
}
