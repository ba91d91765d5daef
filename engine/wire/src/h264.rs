//! Whether an H.264 RTP payload (RFC 6184) begins a keyframe; of each NAL unit only the type byte is read.

use crate::reader::Reader;

const IDR: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// True for a packet at which a decoder can begin: parameter sets, or the first part of an IDR picture.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    let mut reader = Reader::new(payload);
    match reader.u8().map(|first| first & 0x1F) {
        Some(IDR | SEQUENCE_PARAMETERS) => true,
        Some(STAP_A) => {
            while let Some(length) = reader.u16() {
                let Some(unit) = reader.take(usize::from(length)) else {
                    return false;
                };
                if matches!(
                    unit.first().map(|first| first & 0x1F),
                    Some(IDR | SEQUENCE_PARAMETERS)
                ) {
                    return true;
                }
            }
            false
        }
        Some(FU_A) => reader
            .u8()
            .is_some_and(|header| header & 0x80 != 0 && header & 0x1F == IDR),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframes_begin_in_each_packing() {
        assert!(starts_keyframe(&[0x65, 0]), "a single IDR unit");
        assert!(starts_keyframe(&[0x67, 0]), "parameter sets alone");
        assert!(
            starts_keyframe(&[0x78, 0, 1, 0x06, 0, 2, 0x67, 0]),
            "parameter sets behind another unit"
        );
        assert!(
            starts_keyframe(&[0x7C, 0x85]),
            "the first fragment of an IDR unit"
        );
    }

    #[test]
    fn other_packets_begin_none() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x41, 0]), "an interframe");
        assert!(!starts_keyframe(&[0x7C, 0x05]), "a later fragment");
        assert!(
            !starts_keyframe(&[0x78, 0, 9, 0x67]),
            "an aggregate cut short"
        );
    }
}
