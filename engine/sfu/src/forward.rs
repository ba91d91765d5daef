//! The hot path: what one receive round brought goes out to every subscriber, sealed in place.
//!
//! A round is served subscriber by subscriber, and for each of them group by group, the groups of the largest packets first:
//! so what goes to one destination lies side by side in the arena, equal packets leave in one message of the kernel's, and
//! a smaller one that follows them (a voice behind a picture) leaves in the same.

use std::cmp::Reverse;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::api::CloseReason;
use crate::exit::{Exit, Outbound};
use crate::receive::RoundPacket;
use crate::rewrite::Incoming;
use crate::sfu::{Outlet, Sfu};
use crate::track::TrackKey;

/// A packet of this round is in its history whatever its age.
const ANY_AGE: Duration = Duration::MAX;

/// The packets of one layer of one track in a round, in the order of their arrival.
pub(crate) struct Group {
    track: TrackKey,
    layer: u8,
    /// Where they are in the round.
    members: Range<usize>,
    /// Payload bytes of the largest packet of the track in this round, padding included.
    largest: usize,
}

/// One group for one subscriber. Their order is the order of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Delivery {
    peer: usize,
    group: usize,
    section: usize,
}

/// What a round needs while it is served, kept for its memory.
#[derive(Default)]
pub(crate) struct RoundPlan {
    groups: Vec<Group>,
    deliveries: Vec<Delivery>,
    /// For each packet of the round the payload size that it is padded to.
    targets: Vec<usize>,
}

/// Encoders cut a picture into packets that differ by a byte or two. Padded to one size they leave in one run, which costs the
/// kernel far less than the bytes do. Larger differences are left alone.
const MAX_PADDING: usize = 8;

/// Replaces each payload size by the one that it is to be padded to.
fn equalize(mut rest: &mut [usize]) {
    while let Some(&first) = rest.first() {
        let (mut least, mut most, mut count) = (first, first, 0);
        for &size in rest.iter() {
            if least.min(size) + MAX_PADDING < most.max(size) {
                break;
            }
            (least, most, count) = (least.min(size), most.max(size), count + 1);
        }
        let (alike, others) = rest.split_at_mut(count);
        alike.fill(most);
        rest = others;
    }
}

impl Sfu {
    /// Forwards all packets taken in since the last call, then goes on with handshakes. `outlet` is asked to flush whenever
    /// the arena is full.
    pub fn end_round(&mut self, now: Instant, outlet: &mut dyn Outlet) {
        self.forward_round(now, outlet);
        self.run_handshakes(now);
    }

    fn forward_round(&mut self, now: Instant, outlet: &mut dyn Outlet) {
        if self.round.is_empty() {
            return;
        }
        let mut round = std::mem::take(&mut self.round);
        let mut plan = std::mem::take(&mut self.plan);
        round.sort_unstable_by_key(|packet| (packet.track, packet.layer, packet.order));
        self.plan_round(now, &round, &mut plan);
        for at in 0..plan.deliveries.len() {
            let Some(delivery) = plan.deliveries.get(at) else {
                break;
            };
            let Some(group) = plan.groups.get(delivery.group) else {
                continue;
            };
            let forwarded = catch_unwind(AssertUnwindSafe(|| {
                self.deliver(now, delivery, group, &round, &plan.targets);
            }));
            if forwarded.is_err() {
                self.end_publisher(now, group.track);
            }
            if self.arena.wants_flush() {
                outlet.flush(&mut self.arena);
            }
        }
        round.clear();
        self.round = round;
        self.plan = plan;
    }

    /// Who gets what of `round`, which is sorted by track and layer, and in which order.
    fn plan_round(&self, now: Instant, round: &[RoundPacket], plan: &mut RoundPlan) {
        let RoundPlan {
            groups,
            deliveries,
            targets,
        } = plan;
        groups.clear();
        deliveries.clear();
        targets.clear();
        for packets in round.chunk_by(|a, b| (a.track, a.layer) == (b.track, b.layer)) {
            let start = targets.len();
            let layer = packets.first().and_then(|first| {
                let layer = self.tracks.get(first.track)?.layer(first.layer)?;
                Some((first, layer))
            });
            let Some((first, layer)) = layer else {
                targets.resize(start + packets.len(), 0);
                continue;
            };
            targets.extend(packets.iter().map(|member| {
                let kept = layer.history.get(now, member.sequence, ANY_AGE);
                kept.map_or(0, |packet| packet.payload.len())
            }));
            let sizes = targets.get_mut(start..).unwrap_or_default();
            equalize(sizes);
            groups.push(Group {
                track: first.track,
                layer: first.layer,
                members: start..start + packets.len(),
                largest: sizes.iter().copied().max().unwrap_or(0),
            });
        }
        // A track stays together and its layers in their order: a change between them is a matter of that.
        for layers in groups.chunk_by_mut(|a, b| a.track == b.track) {
            let largest = layers.iter().map(|group| group.largest).max().unwrap_or(0);
            layers.iter_mut().for_each(|group| group.largest = largest);
        }
        groups.sort_unstable_by_key(|group| (Reverse(group.largest), group.track, group.layer));
        for (at, group) in groups.iter().enumerate() {
            let Some(track) = self.tracks.get(group.track) else {
                continue;
            };
            let all = track.subscribers.iter();
            deliveries.extend(all.map(|&(peer, section)| Delivery {
                peer,
                group: at,
                section,
            }));
        }
        deliveries.sort_unstable();
    }

    /// A defect met while forwarding ends the publisher whose packets met it, nobody else.
    fn end_publisher(&mut self, now: Instant, track: TrackKey) {
        self.counters.panics += 1;
        let publisher = self.tracks.get(track).map(|track| track.publisher);
        if let Some(publisher) = publisher {
            self.close(now, publisher, CloseReason::Panic);
        }
    }

    fn deliver(
        &mut self,
        now: Instant,
        delivery: &Delivery,
        group: &Group,
        round: &[RoundPacket],
        targets: &[usize],
    ) {
        // Gone when an earlier delivery ended its publisher.
        let Some(track) = self.tracks.get(group.track) else {
            return;
        };
        let (Some(layer), Some(peer)) =
            (track.layer(group.layer), self.peers.get_mut(delivery.peer))
        else {
            return;
        };
        let (Some(path), Some(srtp)) = (peer.media_path(), &peer.srtp) else {
            return;
        };
        let Some(section) = peer.sections.get_mut(delivery.section) else {
            return;
        };
        let wants = [section.continuity.wanted(), section.continuity.current()];
        if !wants.contains(&Some(group.layer)) {
            return;
        }
        let clock = layer.clock.map(|reported| reported.clock);
        let mut exit = Exit {
            arena: &mut self.arena,
            path,
            sealer: &srtp.rtp,
            estimator: &mut peer.estimator,
        };
        let members = round.get(group.members.clone()).unwrap_or_default();
        let targets = targets.get(group.members.clone()).unwrap_or_default();
        for (member, target) in members.iter().zip(targets) {
            let Some(packet) = layer.history.get(now, member.sequence, ANY_AGE) else {
                continue;
            };
            let spec = track.format(packet.payload_type);
            let Some(format) = section.format_for(packet.payload_type, spec) else {
                self.counters.unmatched_formats += 1;
                continue;
            };
            let Some(outgoing) = section.continuity.on_packet(&Incoming {
                layer: group.layer,
                sequence: member.sequence,
                timestamp: packet.timestamp,
                starts_keyframe: packet.starts_keyframe,
                vp8: packet.vp8,
                arrived: now,
                clock,
            }) else {
                continue;
            };
            let outbound = Outbound {
                header: section.header(packet, &outgoing, format.payload_type),
                index: outgoing.index,
                repeats: None,
                payload: &packet.payload,
                vp8: outgoing.vp8,
                orientation: packet.orientation,
                padding: target.saturating_sub(packet.payload.len()) as u8,
            };
            if let Some(size) = exit.send(now, section, &outbound) {
                section.count_sent(packet.payload.len());
                self.counters.forwarded += 1;
                self.counters.packets_out += 1;
                self.counters.bytes_out += size as u64;
            } else {
                self.counters.srtp_failed += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(sizes: &[usize]) -> Vec<usize> {
        let mut targets = sizes.to_vec();
        equalize(&mut targets);
        targets
    }

    #[test]
    fn packets_of_a_picture_are_padded_to_the_largest_of_them() {
        assert_eq!(targets(&[1090, 1090, 1091, 1091]), [1091; 4]);
        assert_eq!(targets(&[1091, 1090]), [1091; 2]);
    }

    #[test]
    fn sizes_far_apart_are_left_alone_and_so_is_nothing() {
        assert_eq!(targets(&[1100, 1100, 300, 1100]), [1100, 1100, 300, 1100]);
        assert_eq!(targets(&[100, 104, 108, 112]), [108, 108, 108, 112]);
        assert_eq!(targets(&[]), Vec::<usize>::new());
    }
}
