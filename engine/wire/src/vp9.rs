//! Whether a VP9 RTP payload (RFC 9628) begins a keyframe, from its descriptor alone.

use crate::reader::Reader;

/// True for the first packet of a picture that refers to no other, on the lowest spatial layer.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    descriptor(payload).unwrap_or(false)
}

fn descriptor(payload: &[u8]) -> Option<bool> {
    let mut reader = Reader::new(payload);
    let first = reader.u8()?;
    let inter_predicted = first & 0x40 != 0;
    let begins_frame = first & 0x08 != 0;
    if first & 0x80 != 0 && reader.u8()? & 0x80 != 0 {
        reader.u8()?;
    }
    let lowest = if first & 0x20 != 0 {
        reader.u8()? >> 1 & 7 == 0
    } else {
        true
    };
    Some(!inter_predicted && begins_frame && lowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_refers_to_none_starts_a_keyframe() {
        assert!(starts_keyframe(&[0x88, 0x05]), "short picture id");
        assert!(
            starts_keyframe(&[0xA8, 0x81, 0x02, 0x00, 0x00]),
            "long picture id, lowest layer"
        );
        assert!(!starts_keyframe(&[0xC8, 0x05]), "inter-predicted");
        assert!(
            !starts_keyframe(&[0x80, 0x05]),
            "not the beginning of a frame"
        );
        assert!(
            !starts_keyframe(&[0xA8, 0x81, 0x02, 0x02, 0x00]),
            "a higher spatial layer"
        );
        assert!(!starts_keyframe(&[0xA8, 0x81]), "cut short");
    }
}
