//! Lets every packet index through once: on the way out a repeated index under one key would repeat a nonce, on the way in it is
//! a replay.

/// How far behind the highest index a late packet may come. Beyond, it cannot be told from a repetition.
const WINDOW: u64 = 1024;
const WORDS: usize = (WINDOW / 64) as usize;

/// Which of the last 1,024 indexes were given out.
#[derive(Default)]
pub(crate) struct Once {
    highest: Option<u64>,
    /// One bit an index, at index modulo 1,024.
    bits: [u64; WORDS],
}

impl Once {
    /// Whether `first_time` would let `index` through.
    pub(crate) fn is_new(&self, index: u64) -> bool {
        let Some(highest) = self.highest else {
            return true;
        };
        let word = self.bits.get((index % WINDOW / 64) as usize);
        index > highest
            || highest - index < WINDOW && word.is_some_and(|word| word >> (index % 64) & 1 == 0)
    }

    /// Whether `index` is new; it is not any more afterwards.
    pub(crate) fn first_time(&mut self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                if highest - index >= WINDOW {
                    return false;
                }
            }
            Some(highest) => {
                // Clear the places that the window moves over.
                for skipped in (highest + 1..=index).rev().take(WINDOW as usize) {
                    self.put(skipped, false);
                }
                self.highest = Some(index);
            }
            None => self.highest = Some(index),
        }
        !self.put(index, true)
    }

    /// Set or clear the bit of `index` and return what it was.
    fn put(&mut self, index: u64, set: bool) -> bool {
        let Some(word) = self.bits.get_mut((index % WINDOW / 64) as usize) else {
            return true;
        };
        let bit = 1 << (index % 64);
        let was = *word & bit != 0;
        *word = if set { *word | bit } else { *word & !bit };
        was
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_order_gives_an_index_out_twice(steps in proptest::collection::vec(-1500_i64..1500, 0..500)) {
            let mut once = Once::default();
            let mut given = std::collections::HashSet::new();
            let mut at = 1_000_000_u64;
            for step in steps {
                at = at.saturating_add_signed(step);
                let new = once.is_new(at);
                prop_assert_eq!(once.first_time(at), new);
                if new {
                    prop_assert!(given.insert(at));
                }
            }
        }

        #[test]
        fn a_new_index_within_the_window_gets_through(back in 1_u64..1024) {
            let mut once = Once::default();
            prop_assert!(once.first_time(5000));
            prop_assert!(once.first_time(5000 - back));
            prop_assert!(!once.first_time(5000 - back));
            prop_assert!(!once.first_time(3000));
        }
    }
}
