//! Whether a VP9 RTP payload (RFC 9628) begins a picture that needs none before it; only the descriptor is read, which end-to-end
//! encryption leaves clear. The spatial layers of one stream are not told apart: they travel together.

use crate::reader::Reader;

const HAS_PICTURE_ID: u8 = 0x80;
const PREDICTED: u8 = 0x40;
const HAS_LAYERS: u8 = 0x20;
const BEGINS_FRAME: u8 = 0x08;

/// True for the first packet of the lowest spatial layer of a picture that is predicted from no earlier one.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    let mut reader = Reader::new(payload);
    let Some(flags) = reader.u8() else {
        return false;
    };
    if flags & PREDICTED != 0 || flags & BEGINS_FRAME == 0 {
        return false;
    }
    if flags & HAS_PICTURE_ID != 0 {
        let Some(first) = reader.u8() else {
            return false;
        };
        if first & 0x80 != 0 && reader.u8().is_none() {
            return false;
        }
    }
    // Higher spatial layers of a key picture are predicted from the one below them, which P does not say.
    flags & HAS_LAYERS == 0 || reader.u8().is_some_and(|layers| layers & 0x0E == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_picture_begins_with_its_lowest_layer() {
        assert!(starts_keyframe(&[0x08, 0]), "without anything optional");
        assert!(starts_keyframe(&[0x88, 0x12, 0]), "short picture id");
        assert!(
            starts_keyframe(&[0xA8, 0x92, 0x34, 0x00, 7]),
            "long, layer 0"
        );
    }

    #[test]
    fn other_packets_begin_none() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x48, 0]), "predicted");
        assert!(!starts_keyframe(&[0x00, 0]), "a later packet of the frame");
        assert!(
            !starts_keyframe(&[0xA8, 0x92, 0x34, 0x03]),
            "spatial layer 1"
        );
        assert!(!starts_keyframe(&[0xA8, 0x92, 0x34]), "cut short");
    }
}
