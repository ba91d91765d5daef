//! Whether an AV1 RTP payload begins a coded video sequence: one byte of the aggregation header (AV1 RTP specification section 4.4).

const CONTINUES: u8 = 0x80;
const BEGINS_SEQUENCE: u8 = 0x08;

/// True for the first packet of a sequence, at which a decoder can begin.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    payload
        .first()
        .is_some_and(|header| header & BEGINS_SEQUENCE != 0 && header & CONTINUES == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_packet_of_a_sequence_is_one_to_begin_at() {
        assert!(starts_keyframe(&[0x18, 0]));
        assert!(!starts_keyframe(&[0x10, 0]), "an interframe");
        assert!(!starts_keyframe(&[0x98, 0]), "the rest of a unit");
        assert!(!starts_keyframe(&[]));
    }
}
