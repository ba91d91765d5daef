//! What happens by the passing of time: str0m's own timers, and each peer's clockwork of reports, estimate, allocation and
//! liveness.

use std::cmp::Reverse;
use std::time::Instant;

use str0m::Input;

use crate::api::{CloseReason, Event};
use crate::peer::{CONNECT_LIMIT, Phase, SILENCE_CLOSED, SILENCE_UNREACHABLE, TICK};
use crate::sfu::Sfu;

impl Sfu {
    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(Reverse(timer)) = self.timers.peek().copied() {
            if timer.at > now {
                return;
            }
            self.timers.pop();
            let Some(peer) = self.peers.get_mut(timer.peer) else {
                continue;
            };
            if peer.serial != timer.serial || peer.scheduled != Some(timer.at) {
                continue;
            }
            peer.scheduled = None;
            self.run_timers(now, timer.peer);
        }
    }

    fn run_timers(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let (rtc_due, tick_due) = (peer.rtc_timeout <= now, peer.tick_at <= now);
        if peer.uplink.ask_at.is_some_and(|at| at <= now) {
            self.send_nacks(now, key);
        }
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if rtc_due {
            if let Err(fatal) = peer
                .rtc
                .try_call(|rtc| rtc.handle_input(Input::Timeout(now)))
            {
                return self.fail(now, key, fatal);
            }
            self.drive(now, key);
        }
        if tick_due {
            self.tick(now, key);
        }
        self.schedule(key);
    }

    fn tick(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        peer.tick_at = now + TICK;
        if let Some(reason) = self.check_alive(now, key) {
            return self.close(now, key, reason);
        }
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        peer.estimator.on_timeout(now);
        let room = peer.room;
        if peer.phase == Phase::Connected {
            if let Some(stats) = peer.window.turn(now, &mut peer.estimator) {
                peer.trial.forget();
                self.events.push_back(Event::PeerStats {
                    peer: peer.name.clone(),
                    stats,
                });
            }
            let receives = peer.has_subscriptions();
            self.send_feedback(now, key);
            if receives {
                self.allocate(now, key);
                self.send_reports(now, key);
            }
            self.flush_data(now, key);
        }
        self.report_levels(now, room);
    }

    fn check_alive(&mut self, now: Instant, key: usize) -> Option<CloseReason> {
        let peer = self.peers.get_mut(key)?;
        let silence = now.saturating_duration_since(peer.last_heard);
        match peer.phase {
            Phase::New => None,
            Phase::Connecting { since } => (now.saturating_duration_since(since) > CONNECT_LIMIT)
                .then_some(CloseReason::NeverConnected),
            Phase::Connected => {
                if silence > SILENCE_UNREACHABLE {
                    peer.phase = Phase::Unreachable;
                    self.events.push_back(Event::Unreachable {
                        peer: peer.name.clone(),
                    });
                }
                None
            }
            Phase::Unreachable => {
                if silence <= SILENCE_UNREACHABLE {
                    peer.phase = Phase::Connected;
                    self.events.push_back(Event::Connected {
                        peer: peer.name.clone(),
                    });
                }
                (silence > SILENCE_CLOSED).then_some(CloseReason::IceTimeout)
            }
        }
    }

    fn report_levels(&mut self, now: Instant, room: usize) {
        let Some(room) = self.rooms.get_mut(room) else {
            return;
        };
        if room.levels.next_timeout().is_none_or(|at| at > now) {
            return;
        }
        let Some(report) = room.levels.report(now) else {
            return;
        };
        let speakers = report.iter().filter_map(|speaker| {
            let peer = self.peers.get(speaker.key)?;
            Some((peer.name.clone(), speaker.level, speaker.active))
        });
        let levels: Vec<_> = speakers.collect();
        if !levels.is_empty() {
            self.events.push_back(Event::AudioLevels {
                room: room.name.clone(),
                levels,
            });
        }
    }
}
