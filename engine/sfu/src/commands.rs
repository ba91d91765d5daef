//! What the control plane asks, done: peers come and go, tracks are published, subscribed to, muted.

use std::sync::Arc;
use std::time::Instant;

use str0m::media::Mid;
use str0m::{Output, Rtc};

use crate::api::{Channel, CloseReason, Command, Event, Name, Wish};
use crate::data::Sent;
use crate::guarded::GuardedRtc;
use crate::levels::Levels;
use crate::peer::{Peer, Phase, Published};
use crate::section::Subscription;
use crate::sfu::{Room, Sfu};
use crate::track::{Track, TrackKey};

/// Tracks that one peer may publish at a time.
const MAX_PUBLISHED: usize = 16;

impl Sfu {
    pub(crate) fn run_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::AddPeer { peer, room } => self.add_peer(now, peer, room),
            Command::RemovePeer { peer } => {
                if let Some(&key) = self.peer_names.get(&peer) {
                    self.close(now, key, CloseReason::Removed);
                }
            }
            Command::Offer { peer, request, sdp } => self.offer(now, &peer, request, &sdp),
            Command::CreateOffer {
                peer,
                request,
                audios,
                videos,
                restart,
            } => self.create_offer(now, &peer, request, [audios, videos], restart),
            Command::ApplyAnswer { peer, request, sdp } => {
                self.apply_answer(now, &peer, request, &sdp);
            }
            Command::Candidate { peer, candidate } => {
                self.add_remote_candidate(now, &peer, &candidate)
            }
            Command::Publish {
                peer,
                mid,
                track,
                screen,
            } => self.publish(&peer, &mid, track, screen),
            Command::Unpublish { track } => {
                if let Some(&key) = self.track_names.get(&track) {
                    self.unpublish(now, key);
                }
            }
            Command::Mute { track, muted } => self.mute(now, &track, muted),
            Command::Subscribe { peer, mid, track } => self.subscribe(now, &peer, &mid, &track),
            Command::Unsubscribe { peer, mid } => {
                if let Some(&key) = self.peer_names.get(&peer) {
                    self.unsubscribe(now, key, &mid);
                }
            }
            Command::Prefer { peer, mid, wish } => self.prefer(now, &peer, &mid, wish),
            Command::RequestKeyframe { track } => {
                if let Some(&key) = self.track_names.get(&track) {
                    (0..3).for_each(|layer| self.ask_keyframe(now, key, layer));
                }
            }
            Command::SendData {
                peers,
                channel,
                payload,
            } => self.send_data(now, &peers, channel, &payload),
        }
    }

    fn add_peer(&mut self, now: Instant, name: Name, room_name: Name) {
        if self.peer_names.contains_key(&name) {
            return;
        }
        if self.peers.len() >= self.config.max_peers {
            self.events.push_back(Event::Closed {
                peer: name,
                reason: CloseReason::Overrun,
            });
            return;
        }
        let room = match self.room_names.get(&room_name) {
            Some(&room) => room,
            None => {
                let key = self.rooms.insert(Room {
                    name: room_name.clone(),
                    peers: 0,
                    levels: Levels::new(),
                });
                self.room_names.insert(room_name, key);
                key
            }
        };
        if let Some(room) = self.rooms.get_mut(room) {
            room.peers += 1;
        }
        let rtc = GuardedRtc::new(self.new_rtc(now));
        let serial = self.take_serial();
        let key = self
            .peers
            .insert(Peer::new(name.clone(), room, rtc, serial, now));
        self.peer_names.insert(name, key);
        self.schedule(key);
    }

    /// Ends the peer and all that hangs on it, and says so.
    pub(crate) fn close(&mut self, now: Instant, key: usize, reason: CloseReason) {
        let Some(mut peer) = self.peers.try_remove(key) else {
            return;
        };
        self.peer_names.remove(&peer.name);
        self.ufrags.remove(peer.ufrag.as_bytes());
        for path in &peer.remotes {
            if self.addresses.get(&path.remote) == Some(&key) {
                self.addresses.remove(&path.remote);
            }
        }
        for published in std::mem::take(&mut peer.published) {
            self.unpublish(now, published.track);
        }
        for (index, section) in peer.sections.iter().enumerate() {
            if let Some(subscription) = &section.subscription
                && let Some(track) = self.tracks.get_mut(subscription.track)
            {
                track
                    .subscribers
                    .retain(|subscriber| *subscriber != (key, index));
            }
        }
        if let Some(room) = self.rooms.get_mut(peer.room) {
            room.levels.remove(key);
            room.peers -= 1;
            if room.peers == 0 {
                self.room_names.remove(&room.name);
                self.rooms.remove(peer.room);
            }
        }
        self.say_goodbye(&mut peer);
        self.events.push_back(Event::Closed {
            peer: peer.name.clone(),
            reason,
        });
    }

    /// Ends every peer, as at the end of the process.
    pub fn close_all(&mut self, now: Instant) {
        let keys: Vec<usize> = self.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.close(now, key, CloseReason::Removed);
        }
    }

    /// Tells the client by DTLS that it is over, so that it need not find out by silence.
    fn say_goodbye(&mut self, peer: &mut Peer) {
        let farewell = peer.rtc.call(|rtc| {
            let mut datagrams = Vec::new();
            // Errors only mean that there is nobody to say it to.
            let _ = rtc.close();
            while let Ok(Output::Transmit(transmit)) = rtc.poll_output()
                && datagrams.len() < 16
            {
                datagrams.push(transmit);
            }
            datagrams
        });
        for transmit in farewell.unwrap_or_default() {
            // str0m's RTCP goodbye is sealed with an index of its own: it stays here.
            if transmit
                .contents
                .first()
                .is_some_and(|first| (20..64).contains(first))
            {
                self.arena
                    .push(peer.path_to(transmit.destination), &transmit.contents);
            }
        }
    }

    fn publish(&mut self, peer_name: &Name, mid: &str, name: Name, screen: bool) {
        let Some(&key) = self.peer_names.get(peer_name) else {
            return;
        };
        let mid = Mid::from(mid);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if self.track_names.contains_key(&name) || peer.published.len() >= MAX_PUBLISHED {
            return;
        }
        let Some(is_audio) = peer.section_is_audio(mid) else {
            return;
        };
        // What was on the section before is over.
        if let Some(index) = peer
            .published
            .iter()
            .position(|published| published.mid == mid)
        {
            let old = peer.published.swap_remove(index).track;
            self.forget_track(old);
        }
        let track = self
            .tracks
            .insert(Track::new(name.clone(), key, is_audio, screen));
        self.track_names.insert(name, track);
        if let Some(peer) = self.peers.get_mut(key) {
            peer.published.push(Published { mid, track });
        }
    }

    fn unpublish(&mut self, _now: Instant, key: TrackKey) {
        let publisher = self.tracks.get(key).map(|track| track.publisher);
        if let Some(peer) = publisher.and_then(|publisher| self.peers.get_mut(publisher)) {
            peer.published.retain(|published| published.track != key);
        }
        self.forget_track(key);
    }

    fn forget_track(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.try_remove(key) else {
            return;
        };
        self.track_names.remove(&track.name);
        if let Some(peer) = self.peers.get_mut(track.publisher) {
            peer.uplink.forget_track(key);
            let room = peer.room;
            if let Some(room) = self.rooms.get_mut(room).filter(|_| track.is_audio) {
                room.levels.remove(track.publisher);
            }
        }
        for (subscriber, index) in track.subscribers {
            if let Some(section) = self
                .peers
                .get_mut(subscriber)
                .and_then(|peer| peer.sections.get_mut(index))
            {
                section.subscription = None;
                section.continuity.want(None);
            }
        }
        // Packets of this round that were of this track: another may get its key.
        self.round.retain(|packet| packet.track != key);
    }

    fn mute(&mut self, now: Instant, name: &Name, muted: bool) {
        let Some(&key) = self.track_names.get(name) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if track.muted == muted {
            return;
        }
        track.muted = muted;
        let (publisher, is_audio) = (track.publisher, track.is_audio);
        let subscribers = track.subscribers.clone();
        if is_audio
            && muted
            && let Some(room) = self
                .peers
                .get(publisher)
                .and_then(|peer| self.rooms.get_mut(peer.room))
        {
            room.levels.remove(publisher);
        }
        for (subscriber, _) in subscribers {
            self.allocate(now, subscriber);
        }
    }

    fn subscribe(&mut self, now: Instant, peer_name: &Name, mid: &str, track_name: &Name) {
        let (Some(&key), Some(&track_key)) = (
            self.peer_names.get(peer_name),
            self.track_names.get(track_name),
        ) else {
            return;
        };
        self.unsubscribe(now, key, mid);
        let Some(track) = self.tracks.get_mut(track_key) else {
            return;
        };
        let room_of_publisher = self.peers.get(track.publisher).map(|peer| peer.room);
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        // The control plane knows who may hear whom; that nothing ever leaves its room is held here too.
        if room_of_publisher != Some(peer.room) || track.publisher == key {
            return;
        }
        let Some(index) = peer.section_index(mid) else {
            return;
        };
        let Some(section) = peer
            .sections
            .get_mut(index)
            .filter(|section| section.is_audio == track.is_audio)
        else {
            return;
        };
        section.continuity.restart();
        section.subscription = Some(Subscription::new(track_key, section.continuity.highest()));
        track.subscribers.push((key, index));
        self.allocate(now, key);
    }

    fn unsubscribe(&mut self, _now: Instant, key: usize, mid: &str) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(index) = peer.section_index(mid) else {
            return;
        };
        let Some(section) = peer.sections.get_mut(index) else {
            return;
        };
        let Some(subscription) = section.subscription.take() else {
            return;
        };
        section.continuity.want(None);
        if let Some(track) = self.tracks.get_mut(subscription.track) {
            track
                .subscribers
                .retain(|subscriber| *subscriber != (key, index));
        }
    }

    fn prefer(&mut self, now: Instant, peer_name: &Name, mid: &str, wish: Wish) {
        let Some(&key) = self.peer_names.get(peer_name) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(index) = peer.section_index(mid) else {
            return;
        };
        let subscription = peer
            .sections
            .get_mut(index)
            .and_then(|section| section.subscription.as_mut());
        if let Some(subscription) = subscription {
            subscription.wish = wish;
            self.allocate(now, key);
        }
    }

    /// DTLS has just finished: media may flow, so what was subscribed before starts now.
    pub(crate) fn connected(&mut self, now: Instant, key: usize) {
        self.allocate(now, key);
    }

    fn send_data(&mut self, now: Instant, names: &[Name], channel: Channel, payload: &Arc<[u8]>) {
        for name in names {
            let Some(&key) = self.peer_names.get(name) else {
                continue;
            };
            let Some(peer) = self.peers.get_mut(key) else {
                continue;
            };
            if !matches!(peer.phase, Phase::Connected | Phase::Unreachable) {
                self.counters.data_dropped += 1;
                continue;
            }
            let data = &mut peer.data;
            match peer
                .rtc
                .call(|rtc: &mut Rtc| data.send(rtc, channel, payload))
            {
                Ok(Sent::Yes) => {
                    self.counters.data_out += 1;
                    self.drive(now, key);
                }
                Ok(Sent::Later) => {}
                Ok(Sent::Dropped) => self.counters.data_dropped += 1,
                Ok(Sent::Overrun) => self.close(now, key, CloseReason::Overrun),
                Err(fatal) => self.fail(now, key, fatal),
            }
        }
    }
}
