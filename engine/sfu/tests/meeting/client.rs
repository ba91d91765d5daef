//! One client of a meeting: a real str0m `Rtc` with a microphone, a camera, and a section to receive each.

use huisclos_sfu::Name;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::rtp::{ExtensionValues, RtpPacket};
use str0m::{Candidate, Event as RtcEvent, Output, Rtc};

/// A VP8 payload: descriptor with 15-bit picture id and TL0PICIDX, then a frame header that says keyframe or not.
pub fn vp8(picture: u16, keyframe: bool, size: usize) -> Vec<u8> {
    let mut payload = vec![
        0x90,
        0xE0,
        0x80 | (picture >> 8) as u8,
        picture as u8,
        picture as u8,
        0x20,
    ];
    payload.push(u8::from(!keyframe));
    payload.resize(size.max(8), 0xAB);
    payload
}

pub struct Client {
    pub name: Name,
    pub rtc: Rtc,
    pub address: SocketAddr,
    pub received: Vec<RtpPacket>,
    pub messages: Vec<Vec<u8>>,
    pub keyframes_asked: usize,
    pub connected: bool,
    pub send_audio: Mid,
    pub send_video: Mid,
    pub receive_audio: Mid,
    pub receive_video: Mid,
    pub channels: HashMap<&'static str, ChannelId>,
    pub open: Vec<ChannelId>,
    pub pending: Option<SdpPendingOffer>,
    pub requests: u64,
    pub sequences: HashMap<(Mid, Option<Rid>), u64>,
    pub outbox: Vec<Vec<u8>>,
    pub simulcast: bool,
}

impl Client {
    /// A client with a microphone, a camera, and one section to receive each.
    pub fn new(name: &str, address: SocketAddr, now: Instant, simulcast: bool) -> (Client, String) {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut api = rtc.sdp_api();
        let mut add = |kind, direction, layers| api.add_media(kind, direction, None, None, layers);
        let send_audio = add(MediaKind::Audio, Direction::SendOnly, None);
        let mut layers = Simulcast::new();
        for rid in ["q", "h", "f"] {
            layers.add_send_layer(SimulcastLayer::new(rid));
        }
        let send_video = add(
            MediaKind::Video,
            Direction::SendOnly,
            simulcast.then_some(layers),
        );
        let receive_audio = add(MediaKind::Audio, Direction::RecvOnly, None);
        let receive_video = add(MediaKind::Video, Direction::RecvOnly, None);
        let lossy = Reliability::MaxRetransmits { retransmits: 0 };
        let reliable = api.add_channel("_reliable".to_owned());
        let unreliable = api.add_channel_with_config(ChannelConfig {
            label: "_lossy".to_owned(),
            ordered: false,
            reliability: lossy,
            ..ChannelConfig::default()
        });
        let (offer, pending) = api.apply().unwrap();
        let client = Client {
            name: Name::from(name),
            rtc,
            address,
            received: Vec::new(),
            messages: Vec::new(),
            keyframes_asked: 0,
            connected: false,
            send_audio,
            send_video,
            receive_audio,
            receive_video,
            channels: HashMap::from([("_reliable", reliable), ("_lossy", unreliable)]),
            open: Vec::new(),
            pending: Some(pending),
            requests: 1,
            sequences: HashMap::new(),
            outbox: Vec::new(),
            simulcast,
        };
        (client, offer.to_sdp_string())
    }

    pub fn on_answer(&mut self, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    /// Drains the client and returns what it sends.
    pub fn poll(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => datagrams.push(transmit.contents.to_vec()),
                Ok(Output::Event(event)) => self.on_event(event),
                Ok(Output::Timeout(_)) | Err(_) => return datagrams,
            }
        }
    }

    pub fn on_event(&mut self, event: RtcEvent) {
        match event {
            RtcEvent::Connected => self.connected = true,
            RtcEvent::RtpPacket(packet) => self.received.push(packet),
            RtcEvent::ChannelOpen(id, _) => self.open.push(id),
            RtcEvent::ChannelData(data) => self.messages.push(data.data),
            RtcEvent::KeyframeRequest(_) => self.keyframes_asked += 1,
            _ => {}
        }
    }

    pub fn received_on(&self, mid: Mid) -> Vec<&RtpPacket> {
        self.received
            .iter()
            .filter(|packet| packet.header.ext_vals.mid == Some(mid))
            .collect()
    }

    pub fn is_open(&self, label: &str) -> bool {
        self.channels
            .get(label)
            .is_some_and(|id| self.open.contains(id))
    }

    pub fn say(&mut self, label: &str, message: &[u8]) -> bool {
        let id = self.channels[label];
        self.rtc
            .channel(id)
            .is_some_and(|mut channel| channel.write(true, message).unwrap())
    }

    pub fn write(
        &mut self,
        mid: Mid,
        rid: Option<Rid>,
        time: u32,
        now: Instant,
        marker: bool,
        payload: Vec<u8>,
    ) {
        let sequence = self.sequences.entry((mid, rid)).or_insert(1000);
        *sequence += 1;
        let pt = self.rtc.media(mid).unwrap().remote_pts()[0];
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, rid).unwrap();
        let extensions = ExtensionValues {
            audio_level: Some(-20),
            voice_activity: Some(true),
            ..Default::default()
        };
        let packet = str0m::rtp::RtpWrite::new(pt, (*sequence).into(), time, now, payload)
            .marker(marker)
            .ext_vals(extensions)
            .nackable(true);
        stream.write_rtp(packet);
    }
}
