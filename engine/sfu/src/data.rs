//! The data channels of a peer: which of LiveKit's three a channel is, and what waits because the peer reads slowly.

use std::collections::VecDeque;
use std::sync::Arc;

use str0m::Rtc;
use str0m::channel::ChannelId;

use crate::api::Channel;

/// A peer that lets this much pile up does not follow the call any more. Chat and state are kilobytes; this is a file being sent.
const MAX_BACKLOG: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct DataChannels {
    open: [Option<ChannelId>; 3],
    /// Reliable messages that SCTP had no room for, oldest first.
    backlog: VecDeque<Arc<[u8]>>,
    backlog_bytes: usize,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Yes,
    /// Kept back, to be sent by `flush`.
    Later,
    /// No such channel, or no room and not worth keeping.
    Dropped,
    /// A reliable message had to be dropped: the promise of the channel is broken.
    Overrun,
}

impl DataChannels {
    /// The client opened a channel. Others than LiveKit's three, and second ones, are not used.
    pub(crate) fn opened(&mut self, id: ChannelId, label: &str) {
        if let Some(slot) =
            Channel::from_label(label).and_then(|channel| self.open.get_mut(channel.index()))
        {
            slot.get_or_insert(id);
        }
    }

    pub(crate) fn closed(&mut self, id: ChannelId) {
        for slot in &mut self.open {
            if *slot == Some(id) {
                *slot = None;
            }
        }
    }

    pub(crate) fn channel_of(&self, id: ChannelId) -> Option<Channel> {
        Channel::ALL
            .into_iter()
            .find(|channel| self.id(*channel) == Some(id))
    }

    fn id(&self, channel: Channel) -> Option<ChannelId> {
        self.open.get(channel.index()).copied().flatten()
    }

    pub(crate) fn send(&mut self, rtc: &mut Rtc, channel: Channel, payload: &Arc<[u8]>) -> Sent {
        if channel != Channel::Reliable {
            let id = self.id(channel);
            return if id.is_some_and(|id| write(rtc, id, payload)) {
                Sent::Yes
            } else {
                Sent::Dropped
            };
        }
        if self.backlog.is_empty() && self.id(channel).is_some_and(|id| write(rtc, id, payload)) {
            return Sent::Yes;
        }
        if self.backlog_bytes + payload.len() > MAX_BACKLOG {
            return Sent::Overrun;
        }
        self.backlog_bytes += payload.len();
        self.backlog.push_back(payload.clone());
        Sent::Later
    }

    pub(crate) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Sends what waited, as far as there is room now.
    pub(crate) fn flush(&mut self, rtc: &mut Rtc) {
        let Some(id) = self.id(Channel::Reliable) else {
            return;
        };
        while let Some(payload) = self.backlog.front() {
            if !write(rtc, id, payload) {
                return;
            }
            self.backlog_bytes -= payload.len();
            self.backlog.pop_front();
        }
    }
}

/// Whether the channel took the message. An error is a channel that is closing.
fn write(rtc: &mut Rtc, id: ChannelId, payload: &[u8]) -> bool {
    rtc.channel(id)
        .is_some_and(|mut channel| channel.write(true, payload).unwrap_or(false))
}
