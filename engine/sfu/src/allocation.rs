//! Shares an estimate among one subscriber's tracks: audio, then screen, then by priority; how the estimate came about is `bandwidth`'s matter.

use std::cmp::Reverse;

/// A layer that is not forwarded yet must fit with a fifth to spare: rates and estimate waver, and a choice that flaps is
/// worse than a picture that is a little smaller.
const SPARE: (u64, u64) = (6, 5);

/// What a subscribed track is, in the order in which it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Audio,
    Screen,
    Camera,
}

/// One subscription's wish, and after `allocate` what it gets.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// The caller's own key (slot of the subscription).
    pub key: usize,
    pub kind: Kind,
    /// Higher is served earlier among tracks of one kind.
    pub priority: i32,
    /// Measured bit/s of each layer now; 0 where the publisher does not send it.
    pub rates: [u64; 3],
    /// Highest layer that the subscriber wants; `None` when it wants nothing.
    pub highest: Option<u8>,
    /// The layer it has now.
    pub current: Option<u8>,
    /// Result: the layer to forward, `None` = pause.
    pub granted: Option<u8>,
}

impl Demand {
    fn rate(&self, layer: u8) -> u64 {
        self.rates.get(usize::from(layer)).copied().unwrap_or(0)
    }

    /// The next layer above what is granted that comes in and is wanted. Where only better layers come in than are
    /// wanted, the lowest of those: more than asked for is better than nothing.
    fn next(&self) -> Option<u8> {
        let highest = self.highest?;
        let above = self.granted.map_or(0, |granted| granted + 1);
        let comes_in = |layer: &u8| self.rate(*layer) > 0;
        (above..=highest.min(2)).find(comes_in).or_else(|| {
            (0..=2)
                .find(comes_in)
                .filter(|lowest| self.granted.is_none() && *lowest > highest)
        })
    }

    /// What must be free for `layer`, and whether it is.
    fn fits(&self, layer: u8, free: u64) -> bool {
        let rate = self.rate(layer);
        if self.current.is_some_and(|current| layer <= current) {
            rate <= free
        } else {
            rate.saturating_mul(SPARE.0) / SPARE.1 <= free
        }
    }

    /// Move up one layer if that fits into `free` besides what is granted already; returns whether it did.
    fn improve(&mut self, free: &mut u64) -> bool {
        let Some(layer) = self.next() else {
            return false;
        };
        let held = self.granted.map_or(0, |granted| self.rate(granted));
        if !self.fits(layer, free.saturating_add(held)) {
            return false;
        }
        *free = free.saturating_add(held).saturating_sub(self.rate(layer));
        self.granted = Some(layer);
        true
    }
}

/// Fill `granted` of each demand within `budget` bit/s. May reorder `demands`.
///
/// Audio is always granted. A layer above the current one must fit with room to spare, so that the choice does not flap.
/// Everyone gets the lowest layer before anyone gets a better one, except that screens come before cameras.
/// Returns the bit/s granted.
pub fn allocate(budget: u64, demands: &mut [Demand]) -> u64 {
    demands.sort_unstable_by_key(|demand| (demand.kind, Reverse(demand.priority), demand.key));
    let mut free = budget;
    for demand in demands.iter_mut() {
        demand.granted = None;
        if demand.kind == Kind::Audio && demand.highest.is_some() {
            demand.granted = Some(0);
            free = free.saturating_sub(demand.rate(0));
        }
    }
    for kind in [Kind::Screen, Kind::Camera] {
        loop {
            let mut improved = false;
            for demand in demands.iter_mut().filter(|demand| demand.kind == kind) {
                improved |= demand.improve(&mut free);
            }
            if !improved {
                break;
            }
        }
    }
    demands
        .iter()
        .filter_map(|demand| Some(demand.rate(demand.granted?)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: [u64; 3] = [150_000, 500_000, 1_700_000];

    fn demand(key: usize, kind: Kind, highest: u8) -> Demand {
        let rates = if kind == Kind::Audio {
            [32_000, 0, 0]
        } else {
            RATES
        };
        Demand {
            key,
            kind,
            priority: 0,
            rates,
            highest: Some(highest),
            current: None,
            granted: None,
        }
    }

    fn granted(budget: u64, mut demands: Vec<Demand>) -> Vec<Option<u8>> {
        allocate(budget, &mut demands);
        demands.sort_by_key(|demand| demand.key);
        demands.iter().map(|demand| demand.granted).collect()
    }

    #[test]
    fn audio_is_granted_though_there_is_nothing_to_share() {
        assert_eq!(
            granted(
                0,
                vec![demand(0, Kind::Camera, 2), demand(1, Kind::Audio, 0)]
            ),
            [None, Some(0)]
        );
    }

    #[test]
    fn a_screen_comes_before_any_camera() {
        let screen = Demand {
            current: Some(2),
            ..demand(1, Kind::Screen, 2)
        };
        assert_eq!(
            granted(1_800_000, vec![demand(0, Kind::Camera, 2), screen]),
            [None, Some(2)]
        );
    }

    #[test]
    fn everybody_is_seen_before_anybody_is_sharp() {
        let wishes = (0..4).map(|key| demand(key, Kind::Camera, 2)).collect();
        assert_eq!(granted(700_000, wishes), [Some(0); 4]);
    }

    #[test]
    fn priority_decides_who_is_sharp() {
        let mut favoured = demand(2, Kind::Camera, 2);
        favoured.priority = 1;
        let wishes = vec![
            demand(0, Kind::Camera, 2),
            demand(1, Kind::Camera, 2),
            favoured,
        ];
        assert_eq!(granted(950_000, wishes), [Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn a_better_layer_needs_more_room_to_begin_than_to_stay() {
        let new = demand(0, Kind::Camera, 2);
        let running = Demand {
            current: Some(2),
            ..new
        };
        assert_eq!(granted(1_800_000, vec![new]), [Some(1)]);
        assert_eq!(granted(1_800_000, vec![running]), [Some(2)]);
    }

    #[test]
    fn a_layer_that_does_not_come_in_is_passed_over() {
        let gap = Demand {
            rates: [150_000, 0, 900_000],
            ..demand(0, Kind::Camera, 2)
        };
        assert_eq!(granted(5_000_000, vec![gap]), [Some(2)]);
        let only_high = Demand {
            rates: [0, 0, 900_000],
            ..demand(0, Kind::Camera, 0)
        };
        assert_eq!(granted(5_000_000, vec![only_high]), [Some(2)]);
    }

    proptest! {
        #[test]
        fn video_stays_within_what_audio_leaves(
            budget in 0_u64..20_000_000,
            wishes in proptest::collection::vec(
                (0_u8..3, any::<i32>(), any::<[u32; 3]>(), proptest::option::of(0_u8..3), proptest::option::of(0_u8..3)), 0..30),
        ) {
            let mut demands: Vec<Demand> = wishes.into_iter().enumerate().map(|(key, (kind, priority, rates, highest, current))| Demand {
                key, kind: [Kind::Audio, Kind::Screen, Kind::Camera][usize::from(kind)], priority,
                rates: rates.map(|rate| u64::from(rate % 4_000_000)), highest, current, granted: None,
            }).collect();
            let total = allocate(budget, &mut demands);
            let audio: u64 = demands.iter().filter(|demand| demand.kind == Kind::Audio && demand.highest.is_some()).map(|demand| demand.rates[0]).sum();
            prop_assert!(total <= budget.max(audio));
            for demand in &demands {
                prop_assert!(demand.highest.is_some() || demand.granted.is_none(), "granted what nobody wants");
            }
        }
    }
}
