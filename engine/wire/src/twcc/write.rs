//! Writes transport-wide feedback; which arrivals are told when is the engine's matter.

use crate::reader::Writer;

/// Told in one packet at most: with two bytes a delta and two-bit chunks that is 915 bytes, below any path MTU.
const MOST: usize = 400;
/// The reference time counts 64 ms, in quarters of a millisecond.
const REFERENCE: i64 = 256;

/// From the count of packets on; see `Compound::transport_feedback`. Returns how many arrivals were told.
pub(crate) fn write(
    writer: &mut Writer<'_>,
    feedback_count: u8,
    arrivals: impl Iterator<Item = Option<i64>> + Clone,
) -> Option<usize> {
    let first = arrivals.clone().next()??;
    let reference = first.div_euclid(REFERENCE);
    let mut clock = reference.checked_mul(REFERENCE)?;
    let mut symbols = [0_u8; MOST];
    let mut told = 0_usize;
    for (symbol, arrival) in symbols.iter_mut().zip(arrivals.clone()) {
        if let Some(at) = arrival {
            let Ok(delta) = i16::try_from(at.saturating_sub(clock)) else {
                break;
            };
            *symbol = if u8::try_from(delta).is_ok() { 1 } else { 2 };
            clock = at;
        }
        told = told.saturating_add(1);
    }
    writer.u16(u16::try_from(told).ok()?)?;
    writer.u24(u32::try_from(reference.rem_euclid(1 << 24)).ok()?)?;
    writer.u8(feedback_count)?;
    let mut rest = symbols.get(..told)?;
    while let Some(&symbol) = rest.first() {
        let (word, used) = chunk(symbol, rest);
        writer.u16(word)?;
        rest = rest.get(used..).unwrap_or_default();
    }
    let mut clock = reference.checked_mul(REFERENCE)?;
    for at in arrivals.take(told).flatten() {
        let delta = i16::try_from(at.saturating_sub(clock)).ok()?;
        match u8::try_from(delta) {
            Ok(small) => writer.u8(small)?,
            Err(_) => writer.u16(delta.cast_unsigned())?,
        }
        clock = at;
    }
    Some(told)
}

/// The chunk that tells most of the front of `symbols`, and how many it tells.
fn chunk(symbol: u8, symbols: &[u8]) -> (u16, usize) {
    let run = symbols.iter().take_while(|next| **next == symbol).count();
    if run >= 14 || run == symbols.len() {
        return (u16::from(symbol) << 13 | run as u16 & 0x1FFF, run);
    }
    let vector = |start: u16, bits: usize, width: usize| {
        let places = symbols.iter().take(width).enumerate();
        places.fold(start, |word, (at, symbol)| {
            let shift = bits.saturating_mul(width.saturating_sub(at).saturating_sub(1));
            word | u16::from(*symbol) << shift
        })
    };
    if symbols.iter().take(14).all(|symbol| *symbol < 2) {
        (vector(0x8000, 1, 14), 14)
    } else {
        (vector(0xC000, 2, 7), 7)
    }
}

#[cfg(test)]
mod tests {
    use crate::rtcp::{self, Compound, Packet};
    use proptest::prelude::*;

    fn told(base: u16, arrivals: &[Option<i64>]) -> (usize, Vec<(u16, Option<i64>)>) {
        let mut buffer = [0; 1150];
        let mut compound = Compound::new(&mut buffer);
        let told = compound
            .transport_feedback(1, 2, base, 3, arrivals.iter().copied())
            .unwrap();
        let length = compound.length();
        let element = rtcp::parse(&buffer[..length]).next().unwrap().unwrap();
        let Packet::TransportFeedback(feedback) = element.packet else {
            panic!("{element:?}");
        };
        assert_eq!((feedback.sender, feedback.media), (1, 2));
        assert_eq!(feedback.feedback_count, 3);
        let read = feedback
            .arrivals()
            .map(|arrival| (arrival.number, arrival.at.map(|micros| micros / 250)));
        (told, read.collect())
    }

    proptest! {
        #[test]
        fn what_is_told_is_read_back(
            base: u16,
            start in 0_i64..1_000_000,
            steps in proptest::collection::vec(proptest::option::weighted(0.8, -300_i64..700), 0..600),
        ) {
            let mut at = start;
            let mut arrivals = vec![Some(start)];
            arrivals.extend(steps.iter().map(|step| step.map(|step| {
                at = (at + step).max(0);
                at
            })));
            let (told, read) = told(base, &arrivals);
            prop_assert_eq!(told, arrivals.len().min(super::MOST));
            let expected: Vec<_> = arrivals[..told]
                .iter()
                .enumerate()
                .map(|(offset, at)| (base.wrapping_add(offset as u16), *at))
                .collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn few_patterns_of_loss_are_read_back(pattern in proptest::collection::vec(any::<bool>(), 1..80)) {
            let mut arrivals: Vec<_> = pattern.iter().map(|came| came.then_some(5)).collect();
            arrivals[0] = Some(5);
            let (told, read) = told(65_530, &arrivals);
            prop_assert_eq!(told, arrivals.len());
            prop_assert!(read.iter().map(|(_, at)| *at).eq(arrivals));
        }
    }

    #[test]
    fn what_is_too_far_apart_waits_for_the_next_packet() {
        assert_eq!(told(7, &[Some(0), Some(40_000)]).0, 1);
    }

    #[test]
    fn feedback_that_begins_with_a_loss_is_refused() {
        let mut buffer = [0; 100];
        let mut compound = Compound::new(&mut buffer);
        assert!(
            compound
                .transport_feedback(1, 2, 3, 4, [None, Some(1)].into_iter())
                .is_err()
        );
        assert_eq!(compound.length(), 0);
    }
}
