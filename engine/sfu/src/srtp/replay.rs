//! Which SRTCP indexes were believed before (RFC 3711 section 3.3.2), for each sender's SSRC apart.

/// A peer's SSRCs are its sections' layers; a hundred covers a call of sixteen, and the oldest gives way.
const SENDERS: usize = 128;
const WINDOW: u32 = 64;

/// The windows of one key. libsrtp counts each SSRC from 0, other stacks have one counter: a window per SSRC fits both.
#[derive(Default)]
pub(super) struct ReplayWindows {
    senders: Vec<Window>,
    clock: u64,
}

struct Window {
    sender: u32,
    highest: u32,
    /// Bit n: index `highest - n` was seen.
    seen: u64,
    used: u64,
}

impl ReplayWindows {
    /// Whether `index` was noted before or is too old to tell.
    pub(super) fn seen(&self, sender: u32, index: u32) -> bool {
        let Some(window) = self.senders.iter().find(|window| window.sender == sender) else {
            return false;
        };
        match window.highest.checked_sub(index) {
            None => false,
            Some(age) => age >= WINDOW || window.seen >> age & 1 == 1,
        }
    }

    /// Note an index whose packet authenticated.
    pub(super) fn note(&mut self, sender: u32, index: u32) {
        self.clock = self.clock.saturating_add(1);
        let clock = self.clock;
        if let Some(window) = self
            .senders
            .iter_mut()
            .find(|window| window.sender == sender)
        {
            window.used = clock;
            if let Some(ahead) = index.checked_sub(window.highest) {
                window.seen = window.seen.checked_shl(ahead).unwrap_or(0) | 1;
                window.highest = index;
            } else {
                window.seen |= 1_u64
                    .checked_shl(window.highest.saturating_sub(index))
                    .unwrap_or(0);
            }
            return;
        }
        let fresh = Window {
            sender,
            highest: index,
            seen: 1,
            used: clock,
        };
        if self.senders.len() < SENDERS {
            self.senders.push(fresh);
        } else if let Some(oldest) = self.senders.iter_mut().min_by_key(|window| window.used) {
            *oldest = fresh;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_order_lets_an_index_in_twice(order in proptest::collection::vec((0_u32..3, 0_u32..200), 0..300)) {
            let mut windows = ReplayWindows::default();
            let mut believed = std::collections::HashSet::new();
            for (sender, index) in order {
                if !windows.seen(sender, index) {
                    windows.note(sender, index);
                    prop_assert!(believed.insert((sender, index)));
                }
            }
        }
    }

    #[test]
    fn each_sender_counts_for_itself() {
        let mut windows = ReplayWindows::default();
        windows.note(1, 1000);
        assert!(windows.seen(1, 5));
        assert!(!windows.seen(2, 5));
    }

    #[test]
    fn a_flood_of_senders_stays_bounded() {
        let mut windows = ReplayWindows::default();
        (0..10_000).for_each(|sender| windows.note(sender, 0));
        assert_eq!(windows.senders.len(), SENDERS);
        assert!(windows.seen(9_999, 0));
    }
}
