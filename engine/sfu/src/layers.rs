//! Gives each of a peer's subscriptions the layer it may have, and asks publishers for the keyframes that a change waits for.

use std::time::{Duration, Instant};

use crate::allocation::{self, Demand, Kind};
use crate::api::Event;
use crate::sfu::Sfu;
use crate::track::TrackKey;

/// A picture that is in the way of nobody's sound is only taken away when it clearly does not fit: estimates waver by more than
/// a picture lost for seconds is worth.
const TOLERANCE: u64 = 2;

/// How long a picture goes on though it does not fit any more, and how long a trial lasts: a few round trips of feedback, so
/// that a hiccup costs nothing and a verdict stands on something.
const TRIAL_LENGTH: Duration = Duration::from_millis(1200);
/// A picture that was taken away is tried again after this long, then half as often, and so on.
const TRIAL_FIRST: Duration = Duration::from_secs(2);
const TRIAL_LAST: Duration = Duration::from_secs(32);

/// Finds out whether the line has recovered while a picture is taken away, by sending it for a moment: nothing else that is
/// sent would tell.
#[derive(Default)]
pub(crate) struct Trial {
    wait: Option<Duration>,
    begins: Option<Instant>,
}

impl Trial {
    /// Grants the first picture that was refused for the time of a trial, when it is time for one.
    fn run(&mut self, now: Instant, demands: &mut [Demand]) {
        let refused = demands
            .iter_mut()
            .find(|demand| demand.granted.is_none() && demand.highest.is_some());
        let lowest = refused.and_then(|demand| {
            let (layer, _) = (0_u8..).zip(demand.rates).find(|(_, rate)| *rate > 0)?;
            Some((demand, layer))
        });
        let Some((demand, layer)) = lowest else {
            // All is granted. Should that not last, the waits go on from where they were.
            self.begins = None;
            return;
        };
        let begins = *self.begins.get_or_insert(now);
        if now < begins {
            return;
        }
        if now < begins + TRIAL_LENGTH {
            demand.granted = Some(layer);
            return;
        }
        let wait = self.wait.unwrap_or(TRIAL_FIRST);
        self.begins = Some(now + wait);
        self.wait = Some((wait * 2).min(TRIAL_LAST));
    }

    /// All was well for a while: the next refusal is a new story.
    pub(crate) fn forget(&mut self) {
        if self.begins.is_none() {
            self.wait = None;
        }
    }
}

impl Sfu {
    /// Shares the estimate of `key` out anew among what it receives.
    pub(crate) fn allocate(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let mut demands = std::mem::take(&mut self.demands);
        demands.clear();
        for (index, section) in peer.sections.iter().enumerate() {
            let Some(subscription) = &section.subscription else {
                continue;
            };
            let Some(track) = self.tracks.get(subscription.track) else {
                continue;
            };
            let wanted = !track.muted && !subscription.wish.paused;
            let rates = track.rates(now);
            // A layer that does not come in can not be forwarded, whatever is wished for.
            let present = rates.iter().rposition(|rate| *rate > 0);
            // Audio is not: whoever is silent for a while must be heard from the first word on.
            let highest = match track.is_audio {
                true => Some(0),
                false => present.map(|layer| (layer as u8).min(subscription.wish.quality)),
            };
            demands.push(Demand {
                key: index,
                kind: match (track.is_audio, track.screen) {
                    (true, _) => Kind::Audio,
                    (false, true) => Kind::Screen,
                    (false, false) => Kind::Camera,
                },
                priority: subscription.wish.priority,
                rates,
                highest: highest.filter(|_| wanted),
                current: section.continuity.current(),
                granted: None,
            });
        }
        // Before the first sign of congestion the estimate only says how far growth has come. Keeping a whole track back by
        // it would be keeping it back for ever: nothing grows that is not used.
        let optimism = if peer.estimator.untried() { 2 } else { 1 };
        let budget = peer.estimator.estimate() * optimism;
        let granted = allocation::allocate(budget, &mut demands);
        spare_the_lowest(budget.saturating_sub(granted), &mut demands);
        peer.trial.run(now, &mut demands);
        for demand in &demands {
            self.grant(now, key, demand);
        }
        self.demands = demands;
    }

    fn grant(&mut self, now: Instant, key: usize, demand: &Demand) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(section) = peer.sections.get_mut(demand.key) else {
            return;
        };
        let Some(subscription) = &mut section.subscription else {
            return;
        };
        let track_key = subscription.track;
        if section.continuity.wanted() != demand.granted {
            section.continuity.want(demand.granted);
        }
        let sent = demand.rates.iter().any(|rate| *rate > 0);
        let paused = demand.highest.is_some() && demand.granted.is_none() && sent;
        if subscription.told_paused != paused && !section.is_audio {
            subscription.told_paused = paused;
            if let Some(track) = self.tracks.get(track_key) {
                self.events.push_back(Event::StreamState {
                    peer: peer.name.clone(),
                    mid: section.mid.to_string(),
                    track: track.name.clone(),
                    paused,
                });
            }
        }
        let awaited = if section.is_audio {
            None
        } else {
            section.continuity.awaits_keyframe()
        };
        if let Some(layer) = awaited {
            self.ask_keyframe(now, track_key, layer);
        }
    }

    /// Asks the publisher for a keyframe of `layer`, at most so often however many subscribers want one.
    pub(crate) fn ask_keyframe(&mut self, now: Instant, track: TrackKey, layer: u8) {
        let Some(track) = self.tracks.get_mut(track) else {
            return;
        };
        let publisher = track.publisher;
        if track.is_audio {
            return;
        }
        let Some(ssrc) = track.keyframe_due(layer, now) else {
            return;
        };
        self.send_pli(publisher, ssrc);
    }
}

/// Grants the lowest layer to those that got none, as long as `free` bit/s are not far exceeded.
fn spare_the_lowest(free: u64, demands: &mut [Demand]) {
    let mut tolerated = free.saturating_mul(TOLERANCE);
    for demand in demands {
        if demand.granted.is_some() || demand.highest.is_none() {
            continue;
        }
        let lowest = (0_u8..).zip(demand.rates).find(|(_, rate)| *rate > 0);
        if let Some((layer, rate)) = lowest.filter(|(_, rate)| *rate <= tolerated) {
            tolerated -= rate;
            demand.granted = Some(layer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(rate: u64) -> Demand {
        let rates = [rate, 0, 0];
        let (highest, current, granted) = (Some(0), Some(0), None);
        Demand {
            key: 0,
            kind: Kind::Camera,
            priority: 0,
            rates,
            highest,
            current,
            granted,
        }
    }

    #[test]
    fn a_picture_a_little_too_large_stays_and_one_far_too_large_goes() {
        let mut demands = [demand(2_600_000)];
        spare_the_lowest(2_200_000, &mut demands);
        assert_eq!(demands[0].granted, Some(0));

        let mut demands = [demand(2_600_000)];
        spare_the_lowest(850_000, &mut demands);
        assert_eq!(demands[0].granted, None);
    }

    #[test]
    fn what_is_tolerated_is_shared_not_given_to_each() {
        let mut demands = [demand(400_000), demand(400_000), demand(400_000)];
        spare_the_lowest(400_000, &mut demands);
        assert_eq!(
            demands.map(|demand| demand.granted),
            [Some(0), Some(0), None]
        );
    }

    #[test]
    fn a_refused_picture_is_tried_again_ever_more_rarely() {
        let start = Instant::now();
        let mut trial = Trial::default();
        let mut began = Vec::new();
        let mut running = false;
        for tenth in 0..400_u32 {
            let mut demands = [demand(1_000_000)];
            trial.run(start + Duration::from_millis(100) * tenth, &mut demands);
            let granted = demands[0].granted.is_some();
            if granted && !running {
                began.push(tenth / 10);
            }
            running = granted;
        }
        assert_eq!(began, [0, 3, 8, 17, 34]);
    }
}
