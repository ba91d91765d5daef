//! What the synthetic camera and microphone produce: frame sizes, VP8-looking payloads, time stamps inside them.
//!
//! A frame is cut the way libwebrtc cuts one: into as few packets as fit, of sizes that differ by one byte at most,
//! the larger ones last. Everything follows from the seed, so two servers meet the same bytes at the same instants.

/// Small deterministic generator (SplitMix64): the load needs repeatable, not unpredictable.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
}

/// Largest RTP payload of one packet, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 1_150;

/// Payload size of a microphone packet: Opus at about 40 kbit/s, varying as variable bit rate does.
pub(crate) fn audio_size(dice: &mut Dice) -> usize {
    dice.between(70, 130) as usize
}

/// Payload sizes of one frame that takes about `packets` packets of 1,100 bytes.
pub(crate) fn frame_sizes(dice: &mut Dice, packets: usize, key: bool) -> Vec<usize> {
    let mean = packets * 1_100 * if key { 3 } else { 1 };
    let spread = (mean / 20).max(1) as u64;
    let total = mean - mean / 40 + dice.between(0, spread) as usize;
    let count = total.div_ceil(MAX_PAYLOAD);
    let larger = total % count;
    (0..count)
        .map(|at| total / count + usize::from(at >= count - larger))
        .collect()
}

const MAGIC: [u8; 4] = *b"HCL1";

/// Bytes of the stamp, the last ones of every payload.
pub(crate) const STAMP: usize = 12;

/// Write `nanos` (on the generator's clock) at the end of `payload`, where no payload descriptor rewrite reaches.
pub(crate) fn stamp(payload: &mut [u8], nanos: u64) {
    let at = payload.len() - STAMP;
    payload[at..at + 4].copy_from_slice(&MAGIC);
    payload[at + 4..].copy_from_slice(&nanos.to_be_bytes());
}

/// The time stamped on `payload`, if it is one of ours and arrived whole.
pub(crate) fn stamped(payload: &[u8]) -> Option<u64> {
    let tail: &[u8; STAMP] = payload.last_chunk()?;
    let (magic, nanos) = tail.split_first_chunk::<4>()?;
    (*magic == MAGIC).then(|| u64::from_be_bytes(nanos.try_into().unwrap_or_default()))
}

/// A VP8 payload of `size` bytes: descriptor with a 15-bit picture id (RFC 7741), frame header on the first packet.
pub(crate) fn vp8_payload(
    dice: &mut Dice,
    size: usize,
    first: bool,
    key: bool,
    picture: u16,
) -> Vec<u8> {
    let mut payload = noise(dice, size);
    payload[0] = 0x80 | if first { 0x10 } else { 0 };
    payload[1] = 0x80;
    payload[2..4].copy_from_slice(&(0x8000 | (picture & 0x7fff)).to_be_bytes());
    if first {
        // Frame tag: shown, version 0; the lowest bit says "not a key frame".
        payload[4..7].copy_from_slice(&[0x10 | u8::from(!key), 0x40, 0x00]);
        if key {
            payload[7..10].copy_from_slice(&[0x9d, 0x01, 0x2a]);
            payload[10..12].copy_from_slice(&1280u16.to_le_bytes());
            payload[12..14].copy_from_slice(&720u16.to_le_bytes());
        }
    }
    payload
}

/// `size` bytes that do not compress and do not repeat.
pub(crate) fn noise(dice: &mut Dice, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.next().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_cut_into_nearly_equal_packets_with_the_larger_ones_last() {
        let mut dice = Dice::new(7);
        for packets in [1, 2, 10] {
            for _ in 0..1_000 {
                let sizes = frame_sizes(&mut dice, packets, false);
                assert!(sizes.is_sorted());
                assert!(sizes[sizes.len() - 1] - sizes[0] <= 1);
                assert!(sizes.iter().all(|size| *size <= MAX_PAYLOAD));
                assert!(sizes.len().abs_diff(packets) <= 1);
            }
        }
    }

    #[test]
    fn a_stamp_is_read_back_and_foreign_bytes_are_not_a_stamp() {
        let mut payload = vec![0; 40];
        assert_eq!(stamped(&payload), None);
        stamp(&mut payload, 123_456_789);
        assert_eq!(stamped(&payload), Some(123_456_789));
        assert_eq!(stamped(&payload[..8]), None);
    }
}
