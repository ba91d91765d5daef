//! Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets arrived and when,
//! read here and written in `write`; estimating is left to the engine.

mod write;

use crate::reader::Reader;
pub(crate) use write::write;

/// Arrival deltas count in quarters of a millisecond, the reference time in 64 ms.
const DELTA_MICROS: i64 = 250;
const REFERENCE_MICROS: i64 = 64_000;

/// A feedback packet: arrival times for a run of transport-wide numbers, as a view that was checked as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportFeedback<'a> {
    pub sender: u32,
    pub media: u32,
    /// The transport-wide number of the first packet told about.
    pub base: u16,
    /// How many packets are told about.
    pub count: u16,
    /// Reference time in units of 64 ms, 24 bits, any epoch. It wraps every twelve days.
    pub reference: u32,
    /// Number of this feedback packet, to see lost ones.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub number: u16,
    /// Microseconds on the receiver's clock from the epoch of `reference`; `None` when it did not arrive.
    pub at: Option<i64>,
}

/// The body behind the RTCP header; `None` when a length in it does not hold.
pub(crate) fn parse(body: &[u8]) -> Option<TransportFeedback<'_>> {
    let mut reader = Reader::new(body);
    let sender = reader.u32()?;
    let media = reader.u32()?;
    let base = reader.u16()?;
    let count = reader.u16()?;
    let reference = reader.u24()?;
    let feedback_count = reader.u8()?;
    let chunks = reader.rest();
    let mut told = 0_u32;
    let mut delta_bytes = 0_usize;
    while told < u32::from(count) {
        let chunk = Chunk::new(reader.u16()?);
        let used = u32::from(chunk.length).min(u32::from(count).saturating_sub(told));
        told = told.checked_add(used)?;
        delta_bytes = delta_bytes.checked_add(chunk.delta_bytes(used)?)?;
        if chunk.length == 0 {
            return None;
        }
    }
    let chunk_bytes = chunks.len().checked_sub(reader.rest().len())?;
    let deltas = reader.take(delta_bytes)?;
    Some(TransportFeedback {
        sender,
        media,
        base,
        count,
        reference,
        feedback_count,
        chunks: chunks.get(..chunk_bytes)?,
        deltas,
    })
}

impl<'a> TransportFeedback<'a> {
    /// Each packet told about, in order of its number.
    pub fn arrivals(&self) -> Arrivals<'a> {
        Arrivals {
            chunks: Reader::new(self.chunks),
            deltas: Reader::new(self.deltas),
            chunk: Chunk { word: 0, length: 0 },
            used: 0,
            number: self.base,
            left: self.count,
            clock: i64::from(self.reference).saturating_mul(REFERENCE_MICROS),
        }
    }
}

#[derive(Clone, Copy)]
struct Chunk {
    word: u16,
    length: u16,
}

impl Chunk {
    const fn new(word: u16) -> Self {
        let length = match word >> 14 {
            0 | 1 => word & 0x1FFF,
            2 => 14,
            _ => 7,
        };
        Self { word, length }
    }

    /// 0 = lost, 1 = one-byte delta, 2 = two-byte delta, 3 = reserved.
    const fn symbol(self, at: u16) -> u16 {
        match self.word >> 14 {
            0 | 1 => self.word >> 13 & 3,
            2 => self.word >> (13_u16.saturating_sub(at)) & 1,
            _ => self.word >> (12_u16.saturating_sub(at.saturating_mul(2))) & 3,
        }
    }

    /// Bytes of deltas that the first `used` symbols ask for; `None` when one is reserved.
    fn delta_bytes(self, used: u32) -> Option<usize> {
        if self.word >> 15 == 0 {
            let symbol = self.symbol(0);
            return if symbol == 3 {
                None
            } else {
                usize::from(symbol).checked_mul(usize::try_from(used).ok()?)
            };
        }
        let mut bytes = 0_usize;
        for at in 0..u16::try_from(used).ok()? {
            let symbol = self.symbol(at);
            if symbol == 3 {
                return None;
            }
            bytes = bytes.checked_add(usize::from(symbol))?;
        }
        Some(bytes)
    }
}

/// Iterator over a feedback packet.
pub struct Arrivals<'a> {
    chunks: Reader<'a>,
    deltas: Reader<'a>,
    chunk: Chunk,
    used: u16,
    number: u16,
    left: u16,
    clock: i64,
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.left = self.left.checked_sub(1)?;
        if self.used >= self.chunk.length {
            self.chunk = Chunk::new(self.chunks.u16()?);
            self.used = 0;
        }
        let symbol = self.chunk.symbol(self.used);
        self.used = self.used.saturating_add(1);
        let number = self.number;
        self.number = number.wrapping_add(1);
        let delta = match symbol {
            1 => Some(i64::from(self.deltas.u8()?)),
            2 => Some(i64::from(self.deltas.u16()?.cast_signed())),
            _ => None,
        };
        let at = delta.map(|quarters| {
            self.clock = self
                .clock
                .saturating_add(quarters.saturating_mul(DELTA_MICROS));
            self.clock
        });
        Some(Arrival { number, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A plain encoder: two-bit vectors throughout. `None` = lost, otherwise the delta in quarters of a millisecond.
    fn body(base: u16, reference: u32, deltas: &[Option<i16>]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 1, 0, 0, 0, 2];
        bytes.extend(base.to_be_bytes());
        bytes.extend((deltas.len() as u16).to_be_bytes());
        bytes.extend(&reference.to_be_bytes()[1..]);
        bytes.push(9);
        for seven in deltas.chunks(7) {
            let word = seven
                .iter()
                .enumerate()
                .fold(0xC000_u16, |word, (at, delta)| {
                    let symbol = match delta {
                        None => 0,
                        Some(0..=255) => 1,
                        Some(_) => 2,
                    };
                    word | symbol << (12 - 2 * at)
                });
            bytes.extend(word.to_be_bytes());
        }
        for delta in deltas.iter().flatten() {
            match u8::try_from(*delta) {
                Ok(small) => bytes.push(small),
                Err(_) => bytes.extend(delta.to_be_bytes()),
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            base: u16,
            reference in 0_u32..1 << 24,
            deltas in proptest::collection::vec(proptest::option::of(any::<i16>()), 1..100),
        ) {
            let bytes = body(base, reference, &deltas);

            let feedback = parse(&bytes).unwrap();

            let mut clock = i64::from(reference) * 64_000;
            let expected: Vec<_> = deltas.iter().enumerate().map(|(offset, delta)| {
                let at = delta.map(|delta| {
                    clock += i64::from(delta) * 250;
                    clock
                });
                Arrival { number: base.wrapping_add(offset as u16), at }
            }).collect();
            prop_assert_eq!(feedback.arrivals().collect::<Vec<_>>(), expected);
            prop_assert_eq!(feedback.feedback_count, 9);
        }

        #[test]
        fn any_bytes_give_as_many_arrivals_as_promised_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(feedback) = parse(&bytes) {
                prop_assert_eq!(feedback.arrivals().count(), usize::from(feedback.count));
            }
        }
    }

    #[test]
    fn run_lengths_and_one_bit_vectors_are_read() {
        let mut bytes = body(100, 0, &[]);
        bytes[10..12].copy_from_slice(&7_u16.to_be_bytes());
        bytes.extend([0x20, 3]); // three small deltas
        bytes.extend([0xA8, 0]); // 1 0 1 0 …: of which four count
        bytes.extend([4, 4, 4, 8, 8]);

        let at: Vec<_> = parse(&bytes)
            .unwrap()
            .arrivals()
            .map(|arrival| arrival.at)
            .collect();

        assert_eq!(
            at,
            [
                Some(1000),
                Some(2000),
                Some(3000),
                Some(5000),
                None,
                Some(7000),
                None
            ]
        );
    }

    #[test]
    fn a_promise_of_more_packets_than_chunks_is_refused() {
        let mut bytes = body(0, 0, &[Some(1)]);
        bytes[10..12].copy_from_slice(&60_000_u16.to_be_bytes());
        assert_eq!(parse(&bytes), None);
    }

    #[test]
    fn empty_runs_and_reserved_symbols_are_refused() {
        let with = |chunk: [u8; 2]| {
            let mut bytes = body(0, 0, &[]);
            bytes[11] = 1;
            bytes.extend(chunk);
            bytes.extend([0; 8]);
            bytes
        };
        assert_eq!(parse(&with([0x20, 0])), None);
        assert_eq!(parse(&with([0x60, 1])), None);
        assert_eq!(parse(&with([0xF0, 0])), None);
        assert!(parse(&with([0x20, 1])).is_some());
    }
}
