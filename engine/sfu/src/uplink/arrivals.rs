//! When the packets with transport-wide numbers came in, until the sender has been told.

use std::collections::VecDeque;
use std::time::Instant;

/// Numbers remembered between two feedbacks: a tenth of a second at 200 Mbit/s. A wider jump begins anew.
const MOST: usize = 2048;

/// Arrival times by transport-wide number.
pub(crate) struct Arrivals {
    began: Instant,
    /// The number that the front of `times` stands for.
    base: u16,
    /// Whether any number came so far.
    any: bool,
    /// In quarters of a millisecond since `began`; `None` has not arrived. Begins and ends with one that has.
    times: VecDeque<Option<i64>>,
    told: u8,
}

impl Arrivals {
    pub(crate) fn new(now: Instant) -> Self {
        Arrivals {
            began: now,
            base: 0,
            any: false,
            times: VecDeque::new(),
            told: 0,
        }
    }

    pub(crate) fn add(&mut self, now: Instant, number: u16) {
        let at = now.saturating_duration_since(self.began).as_micros() as i64 / 250;
        if self.times.is_empty() {
            // Before `base` are numbers that were told: one of them was told as lost.
            if self.any && number.wrapping_sub(self.base) >= 1 << 15 {
                return;
            }
            (self.base, self.any) = (number, true);
        }
        let offset = usize::from(number.wrapping_sub(self.base));
        if offset >= 1 << 15 {
            return;
        }
        if offset >= MOST {
            self.times.clear();
            self.base = number;
            self.times.push_back(Some(at));
        } else if let Some(time) = self.times.get_mut(offset) {
            time.get_or_insert(at);
        } else {
            self.times.resize(offset, None);
            self.times.push_back(Some(at));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The first number to tell of, the number of the feedback, and what became of it and those after it.
    pub(crate) fn pending(&self) -> (u16, u8, impl Iterator<Item = Option<i64>> + Clone) {
        (self.base, self.told, self.times.iter().copied())
    }

    /// The first `count` of those were told, in one feedback.
    pub(crate) fn told(&mut self, count: usize) {
        let count = count.min(self.times.len());
        self.times.drain(..count);
        self.base = self.base.wrapping_add(count as u16);
        self.told = self.told.wrapping_add(1);
        // A feedback begins with an arrival: that these are missing is told by its number.
        while let Some(None) = self.times.front() {
            self.times.pop_front();
            self.base = self.base.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use proptest::prelude::*;

    fn pending(arrivals: &Arrivals) -> (u16, Vec<Option<i64>>) {
        let (base, _, times) = arrivals.pending();
        (base, times.collect())
    }

    #[test]
    fn arrivals_are_told_once_with_the_gaps_between_them() {
        let start = Instant::now();
        let mut arrivals = Arrivals::new(start);
        for (milliseconds, number) in [(0, 65_534), (1, 65_535), (3, 1), (2, 65_535)] {
            arrivals.add(start + Duration::from_millis(milliseconds), number);
        }
        assert_eq!(
            pending(&arrivals),
            (65_534, vec![Some(0), Some(4), None, Some(12)])
        );
        arrivals.told(2);
        assert_eq!(pending(&arrivals), (1, vec![Some(12)]));
        arrivals.told(1);
        arrivals.add(start, 0);
        assert!(arrivals.is_empty(), "told twice");
        arrivals.add(start, 2);
        assert_eq!(pending(&arrivals), (2, vec![Some(0)]));
    }

    proptest! {
        #[test]
        fn no_order_of_numbers_makes_it_grow_or_begin_with_a_gap(numbers in proptest::collection::vec(any::<u16>(), 0..300)) {
            let start = Instant::now();
            let mut arrivals = Arrivals::new(start);
            for number in numbers {
                arrivals.add(start, number);
                let (_, times) = pending(&arrivals);
                prop_assert!(times.len() <= MOST);
                prop_assert!(times.first().is_none_or(Option::is_some));
                if number % 7 == 0 {
                    arrivals.told(3);
                }
            }
        }
    }
}
