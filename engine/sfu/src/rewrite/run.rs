//! A stretch of one layer's packets that keep their distances on the way out, and the arithmetic of its offsets.

use std::time::Duration;

use huisclos_wire::vp8::PictureId;

use super::{Incoming, PictureNumbers};

/// Constant offsets from incoming to outgoing numbers, from the packet that began the run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    layer: u8,
    first_incoming: u64,
    first_index: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    key: u8,
}

/// Where a stream begins: roll-over counter 0, and 32,767 packets or more before the first wrap, so that a receiver that
/// loses the first packets still guesses the counter right.
pub(super) const fn first_index(seed: u64) -> u64 {
    seed % (1 << 15) + 1
}

impl Run {
    /// The first run of a link: numbers other than the sequence stay as they are.
    pub(super) fn first(packet: &Incoming) -> Self {
        Self {
            layer: packet.layer,
            first_incoming: packet.sequence,
            first_index: first_index(packet.sequence),
            timestamp: 0,
            picture: 0,
            tl0: 0,
            key: 0,
        }
    }

    /// The run that goes on after outgoing `index` and picture numbers `last`, `packet` leaving with `timestamp`.
    pub(super) fn after(
        index: u64,
        last: Option<PictureNumbers>,
        packet: &Incoming,
        timestamp: u32,
    ) -> Self {
        let last = last.unwrap_or_default();
        let now = packet.vp8.unwrap_or_default();
        let step = |last: Option<u16>, now: Option<u16>| match (last, now) {
            (Some(last), Some(now)) => last.wrapping_add(1).wrapping_sub(now),
            _ => 0,
        };
        Self {
            layer: packet.layer,
            first_incoming: packet.sequence,
            first_index: index + 1,
            timestamp: timestamp.wrapping_sub(packet.timestamp),
            picture: step(last.picture.map(number), now.picture.map(number)),
            tl0: step(last.tl0.map(u16::from), now.tl0.map(u16::from)) as u8,
            key: step(last.key.map(u16::from), now.key.map(u16::from)) as u8,
        }
    }

    pub(super) const fn layer(&self) -> u8 {
        self.layer
    }

    /// The outgoing index of an incoming sequence number; `None` for one from before the run.
    pub(super) fn index(&self, incoming: u64) -> Option<u64> {
        self.first_index
            .checked_add(incoming.checked_sub(self.first_incoming)?)
    }

    pub(super) const fn covers(&self, index: u64) -> bool {
        index >= self.first_index
    }

    pub(super) fn incoming(&self, index: u64) -> Option<u64> {
        self.first_incoming
            .checked_add(index.checked_sub(self.first_index)?)
    }

    pub(super) const fn timestamp(&self, incoming: u32) -> u32 {
        incoming.wrapping_add(self.timestamp)
    }

    pub(super) fn pictures(&self, incoming: PictureNumbers) -> PictureNumbers {
        PictureNumbers {
            picture: incoming.picture.map(|id| match id {
                PictureId::Short(id) => {
                    PictureId::Short(u16::from(id).wrapping_add(self.picture) as u8 & 0x7F)
                }
                PictureId::Long(id) => PictureId::Long(id.wrapping_add(self.picture) & 0x7FFF),
            }),
            tl0: incoming.tl0.map(|value| value.wrapping_add(self.tl0)),
            key: incoming
                .key
                .map(|value| value.wrapping_add(self.key) & 0x1F),
        }
    }
}

fn number(id: PictureId) -> u16 {
    match id {
        PictureId::Short(id) => u16::from(id),
        PictureId::Long(id) => id,
    }
}

/// `duration` in ticks of `rate` Hz; a wait of hours is cut, as no decoder cares.
pub(super) fn ticks(duration: Duration, rate: u32) -> i64 {
    let micros = duration.min(Duration::from_secs(3 * 3600)).as_micros() as i64;
    micros * i64::from(rate) / 1_000_000
}

/// Ticks from `before` to `after` in capture time, where both layers' clocks are known.
pub(super) fn captured_apart(before: &Incoming, after: &Incoming, rate: u32) -> Option<i64> {
    let (from, to) = (before.clock?, after.clock?);
    let since_report =
        |packet: &Incoming, rtp: u32| i64::from(packet.timestamp.wrapping_sub(rtp).cast_signed());
    // 64-bit NTP counts 2^-32 s.
    let reports_apart =
        (i128::from(to.ntp.wrapping_sub(from.ntp).cast_signed()) * i128::from(rate)) >> 32;
    let step = reports_apart + i128::from(since_report(after, to.rtp))
        - i128::from(since_report(before, from.rtp));
    i64::try_from(step).ok()
}
