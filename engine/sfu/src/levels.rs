//! Turns audio levels of packets into who speaks in a room, calmly; who is told is decided elsewhere.

use std::time::{Duration, Instant};

/// Changes are reported at most this often: a ring that flickers is worse than one that is late.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// -dBov at which a packet counts as speech, and at which it still does for one who speaks already.
const BEGIN: u8 = 40;
const CONTINUE: u8 = 50;
/// Of a hundred packets of an interval, so many must be speech: a cough is not.
const BEGIN_SHARE: u32 = 40;
const CONTINUE_SHARE: u32 = 15;
/// A pause for breath of so many intervals does not end speaking.
const PATIENCE: u8 = 2;
/// Intervals without a packet after which a voice is forgotten.
const FORGOTTEN: u8 = 10;
/// A change of loudness is worth telling from this many dB on. Speech wavers by half of that from interval to interval, and each
/// report becomes a message to everybody in the room.
const STEP: u8 = 6;

/// One speaker as reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speaker<K> {
    pub key: K,
    /// 0 (silent) to 1 (full scale).
    pub level: f32,
    pub active: bool,
}

/// What one publisher said in the interval that is running.
struct Voice<K> {
    key: K,
    packets: u32,
    speech: u32,
    loudness: u32,
    active: bool,
    quiet: u8,
    unheard: u8,
    /// -dBov of its speech, smoothed over intervals, and as last reported.
    smoothed: u8,
    told: u8,
    gone: bool,
}

impl<K> Voice<K> {
    const fn new(key: K) -> Self {
        Self {
            key,
            packets: 0,
            speech: 0,
            loudness: 0,
            active: false,
            quiet: 0,
            unheard: 0,
            smoothed: 0,
            told: 0,
            gone: false,
        }
    }
}

/// Who speaks in one room. `K` names a publisher.
pub struct Levels<K> {
    /// Sorted by key.
    voices: Vec<Voice<K>>,
    interval_ends: Option<Instant>,
    reported: Vec<Speaker<K>>,
}

impl<K: Copy + Ord> Levels<K> {
    pub fn new() -> Self {
        Self {
            voices: Vec::new(),
            interval_ends: None,
            reported: Vec::new(),
        }
    }

    /// An audio packet of `key` came in: `level` is -dBov as RFC 6464 has it, 0 loudest to 127 silent.
    pub fn observe(&mut self, now: Instant, key: K, level: u8) {
        self.interval_ends.get_or_insert(now + INTERVAL);
        let at = match self.voices.binary_search_by(|voice| voice.key.cmp(&key)) {
            Ok(at) => at,
            Err(at) => {
                self.voices.insert(at, Voice::new(key));
                at
            }
        };
        let Some(voice) = self.voices.get_mut(at) else {
            return;
        };
        voice.gone = false;
        voice.packets += 1;
        if level <= if voice.active { CONTINUE } else { BEGIN } {
            voice.speech += 1;
            voice.loudness += u32::from(level);
        }
    }

    /// `key` left or was muted: it stops being active at the next report.
    pub fn remove(&mut self, key: K) {
        if let Some(voice) = self.voices.iter_mut().find(|voice| voice.key == key) {
            voice.gone = true;
        }
    }

    /// The report due now, loudest first, if anything worth telling changed. One that stopped is listed once with level 0, inactive.
    pub fn report(&mut self, now: Instant) -> Option<&[Speaker<K>]> {
        if now < self.interval_ends? {
            return None;
        }
        self.reported.clear();
        let mut changed = false;
        for voice in &mut self.voices {
            let was_active = voice.active;
            let loudness = voice.turn();
            if voice.active {
                changed |= !was_active || loudness.abs_diff(voice.told) >= STEP;
                self.reported.push(Speaker {
                    key: voice.key,
                    level: amplitude(loudness),
                    active: true,
                });
            } else if was_active {
                changed = true;
                self.reported.push(Speaker {
                    key: voice.key,
                    level: 0.0,
                    active: false,
                });
            }
        }
        if changed {
            self.voices
                .iter_mut()
                .for_each(|voice| voice.told = voice.smoothed);
        }
        self.voices
            .retain(|voice| !voice.gone && voice.unheard < FORGOTTEN);
        self.interval_ends = (!self.voices.is_empty()).then_some(now + INTERVAL);
        self.reported.sort_by(|a, b| b.level.total_cmp(&a.level));
        changed.then_some(self.reported.as_slice())
    }

    /// When `report` may have something: `None` while nobody is heard.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.interval_ends
    }
}

impl<K> Voice<K> {
    /// End the interval and return how loud this voice is, in -dBov.
    fn turn(&mut self) -> u8 {
        let share = if self.active {
            CONTINUE_SHARE
        } else {
            BEGIN_SHARE
        };
        let speaks = self.speech > 0 && self.speech * 100 >= self.packets * share && !self.gone;
        if let Some(mean) = self.loudness.checked_div(self.speech) {
            let mean = mean.min(127) as u8;
            self.smoothed = if self.active {
                self.smoothed.midpoint(mean)
            } else {
                mean
            };
        }
        self.quiet = if speaks {
            0
        } else {
            self.quiet.saturating_add(1)
        };
        self.unheard = if self.packets > 0 {
            0
        } else {
            self.unheard.saturating_add(1)
        };
        self.active = speaks || self.active && self.quiet <= PATIENCE && !self.gone;
        (self.packets, self.speech, self.loudness) = (0, 0, 0);
        self.smoothed
    }
}

/// -dBov to 0..1.
fn amplitude(level: u8) -> f32 {
    10_f32.powf(-f32::from(level) / 20.0)
}

impl<K: Copy + Ord> Default for Levels<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANNA: u8 = 1;
    const BEN: u8 = 2;

    struct Room {
        now: Instant,
        levels: Levels<u8>,
        /// (milliseconds from the start, report)
        reports: Vec<(u64, Vec<Speaker<u8>>)>,
        elapsed: u64,
    }

    impl Room {
        fn new() -> Self {
            Self {
                now: Instant::now(),
                levels: Levels::new(),
                reports: Vec::new(),
                elapsed: 0,
            }
        }

        /// Everyone sends a packet each 20 ms with the level given.
        fn hear(&mut self, millis: u64, voices: &[(u8, u8)]) {
            for _ in 0..millis / 20 {
                self.elapsed += 20;
                let now = self.now + Duration::from_millis(self.elapsed);
                for (key, level) in voices {
                    self.levels.observe(now, *key, *level);
                }
                if let Some(report) = self.levels.report(now) {
                    self.reports.push((self.elapsed, report.to_vec()));
                }
            }
        }

        fn active(&self) -> Vec<u8> {
            let last = self
                .reports
                .last()
                .map(|(_, report)| report.as_slice())
                .unwrap_or_default();
            last.iter()
                .filter(|speaker| speaker.active)
                .map(|speaker| speaker.key)
                .collect()
        }
    }

    #[test]
    fn who_speaks_is_active_and_who_is_silent_is_not() {
        let mut room = Room::new();
        room.hear(1000, &[(ANNA, 25), (BEN, 90)]);
        assert_eq!(room.active(), [ANNA]);
    }

    #[test]
    fn the_loudest_stands_first() {
        let mut room = Room::new();
        room.hear(1000, &[(ANNA, 35), (BEN, 20)]);
        assert_eq!(room.active(), [BEN, ANNA]);
    }

    #[test]
    fn speech_that_wavers_is_told_once_and_a_voice_that_drops_is_told_again() {
        let mut room = Room::new();
        for turn in 0..20 {
            room.hear(300, &[(ANNA, if turn % 2 == 0 { 33 } else { 37 })]);
        }
        assert_eq!(room.reports.len(), 1);
        room.hear(1500, &[(ANNA, 48)]);
        assert!((2..=4).contains(&room.reports.len()), "{:?}", room.reports);
    }

    #[test]
    fn a_breath_does_not_end_speaking_but_silence_does_once() {
        let mut room = Room::new();
        room.hear(1200, &[(ANNA, 25)]);
        room.hear(400, &[(ANNA, 127)]);
        room.hear(600, &[(ANNA, 25)]);
        assert_eq!(room.active(), [ANNA]);
        assert!(
            room.reports
                .iter()
                .all(|(_, report)| report.iter().all(|speaker| speaker.active))
        );

        room.hear(3000, &[(ANNA, 127)]);

        let ends: Vec<_> = room
            .reports
            .iter()
            .flat_map(|(_, report)| report)
            .filter(|speaker| !speaker.active)
            .collect();
        assert_eq!(
            ends,
            [&Speaker {
                key: ANNA,
                level: 0.0,
                active: false
            }]
        );
    }

    #[test]
    fn a_cough_is_not_speaking() {
        let mut room = Room::new();
        room.hear(600, &[(ANNA, 127)]);
        room.hear(60, &[(ANNA, 10)]);
        room.hear(600, &[(ANNA, 127)]);
        assert!(room.reports.is_empty());
    }

    #[test]
    fn one_who_is_muted_stops_at_the_next_report() {
        let mut room = Room::new();
        room.hear(1000, &[(ANNA, 25), (BEN, 30)]);
        room.levels.remove(ANNA);
        room.hear(400, &[(BEN, 30)]);
        assert_eq!(room.active(), [BEN]);
    }

    #[test]
    fn nothing_is_due_in_a_silent_room() {
        let mut room = Room::new();
        room.hear(1000, &[(ANNA, 25)]);
        assert!(room.levels.next_timeout().is_some());
        room.hear(5000, &[]);
        assert_eq!(room.levels.next_timeout(), None);
        assert!(room.levels.voices.is_empty());
    }

    proptest! {
        #[test]
        fn reports_never_come_closer_than_the_interval(phases in proptest::collection::vec((20_u64..900, 0_u8..128, 0_u8..128), 1..40)) {
            let mut room = Room::new();
            for (millis, anna, ben) in phases {
                room.hear(millis, &[(ANNA, anna), (BEN, ben)]);
            }
            for pair in room.reports.windows(2) {
                prop_assert!(pair[1].0 - pair[0].0 >= 300);
            }
        }
    }
}
