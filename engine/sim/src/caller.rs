//! A caller as livekit-client makes one: a real str0m client that offers microphone, camera, three free sections of each kind to
//! receive on and the data channels, and sends frames that look like VP8 and Opus to a server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_wire::vp8;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Free sections of each kind, as livekit-client offers them at first.
const FREE: usize = 3;
/// Packet sizes by which a test can tell layers apart.
const SIZES: [usize; 3] = [400, 700, 1000];
const RIDS: [&str; 3] = ["q", "h", "f"];

/// What the camera sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layers {
    One,
    /// Rids q, h and f, in packets of 400, 700 and 1,000 bytes.
    Simulcast,
}

/// One RTP packet as the caller got it; recovered ones stand under their first number.
#[derive(Clone, Debug)]
pub struct Received {
    pub mid: Option<Mid>,
    pub sequence: u64,
    pub timestamp: u32,
    pub arrived: Instant,
    pub size: usize,
    /// Of video; `None` for audio.
    pub vp8: Option<vp8::Descriptor>,
}

/// One person's client.
pub struct Caller {
    pub name: String,
    pub address: SocketAddr,
    pub microphone: Mid,
    pub camera: Mid,
    /// Sections to receive on, in the order of the offer.
    pub free_audio: Vec<Mid>,
    pub free_video: Vec<Mid>,
    pub received: Vec<Received>,
    pub connected: bool,
    /// Keyframe requests per layer so far.
    pub keyframes_asked: [usize; 3],
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    layers: Layers,
    sequences: HashMap<(Mid, Option<Rid>), u64>,
    pictures: u16,
    owed_keyframes: [bool; 3],
    /// Of each SSRC received.
    mids: HashMap<u32, Mid>,
    timeout: Instant,
}

impl Caller {
    /// A caller and its SDP offer.
    ///
    /// # Panics
    /// When str0m refuses its own offer: the test is wrong then.
    pub fn new(name: &str, address: SocketAddr, layers: Layers, now: Instant) -> (Self, String) {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        let host = Candidate::host(address, "udp").expect("an address makes a candidate");
        rtc.add_local_candidate(host);
        let mut api = rtc.sdp_api();
        let mut simulcast = Simulcast::new();
        RIDS.iter()
            .for_each(|rid| simulcast.add_send_layer(SimulcastLayer::new(rid)));
        let simulcast = (layers == Layers::Simulcast).then_some(simulcast);
        let microphone = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let camera = api.add_media(MediaKind::Video, Direction::SendOnly, None, None, simulcast);
        let mut free = |kind| -> Vec<Mid> {
            (0..FREE)
                .map(|_| api.add_media(kind, Direction::RecvOnly, None, None, None))
                .collect()
        };
        let (free_audio, free_video) = (free(MediaKind::Audio), free(MediaKind::Video));
        for label in ["_reliable", "_lossy"] {
            api.add_channel(label.to_owned());
        }
        let (offer, pending) = api.apply().expect("there is something to offer");
        let caller = Self {
            name: name.to_owned(),
            address,
            microphone,
            camera,
            free_audio,
            free_video,
            received: Vec::new(),
            connected: false,
            keyframes_asked: [0; 3],
            rtc,
            pending: Some(pending),
            layers,
            sequences: HashMap::new(),
            pictures: 0x7FF0,
            owed_keyframes: [true; 3],
            mids: HashMap::new(),
            timeout: now,
        };
        (caller, offer.to_sdp_string())
    }

    /// # Panics
    /// When the server's answer does not fit the offer.
    pub fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("the answer is SDP");
        let pending = self.pending.take().expect("one answer to one offer");
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .expect("the answer fits the offer");
    }

    pub(crate) fn timeout(&self) -> Instant {
        self.timeout
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let _ = self.rtc.handle_input(Input::Timeout(now));
    }

    pub(crate) fn handle(&mut self, now: Instant, server: SocketAddr, datagram: &[u8]) {
        if let Ok(receive) = Receive::new(Protocol::Udp, server, self.address, datagram) {
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
        }
    }

    /// Everything the caller sends now.
    pub(crate) fn poll(&mut self, now: Instant, mut send: impl FnMut(Vec<u8>)) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => send(transmit.contents.to_vec()),
                Ok(Output::Event(event)) => self.on_event(event),
                Ok(Output::Timeout(at)) => {
                    self.timeout = at.max(now);
                    return;
                }
                Err(_) => {
                    self.timeout = now + Duration::from_secs(3600);
                    return;
                }
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::RtpPacket(packet) => self.on_packet(&packet),
            Event::KeyframeRequest(request) => {
                let layer = RIDS
                    .iter()
                    .position(|rid| request.rid == Some(Rid::from(*rid)))
                    .unwrap_or(0);
                self.keyframes_asked[layer] += 1;
                self.owed_keyframes[layer] = true;
            }
            _ => {}
        }
    }

    fn on_packet(&mut self, packet: &RtpPacket) {
        // A server may leave the MID out once it is known to have arrived (RFC 8843 section 15).
        let ssrc = *packet.header.ssrc;
        let mid = packet
            .header
            .ext_vals
            .mid
            .or_else(|| self.mids.get(&ssrc).copied());
        if let Some(mid) = mid {
            self.mids.insert(ssrc, mid);
        }
        let is_video = packet.payload.len() >= SIZES[0];
        self.received.push(Received {
            mid,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            arrived: packet.timestamp,
            size: packet.payload.len(),
            vp8: is_video.then(|| vp8::parse(&packet.payload)).flatten(),
        });
    }

    /// One Opus packet of 20 ms at -20 dBov; `millis` since the start of the call.
    pub fn speak(&mut self, now: Instant, millis: u32) {
        self.write(
            self.microphone,
            None,
            millis.wrapping_mul(48),
            now,
            true,
            vec![0x55; 80],
        );
    }

    /// One picture in every layer, each of so many packets as `packets` says. A layer sends a keyframe when it was asked
    /// for one, and at first.
    pub fn film(&mut self, now: Instant, millis: u32, packets: [usize; 3]) {
        self.pictures = (self.pictures + 1) & 0x7FFF;
        let rids: &[Option<&str>] = match self.layers {
            Layers::One => &[None],
            Layers::Simulcast => &[Some("q"), Some("h"), Some("f")],
        };
        for (layer, rid) in rids.iter().enumerate() {
            let keyframe = std::mem::take(&mut self.owed_keyframes[layer]);
            for part in 0..packets[layer] {
                let payload = picture(self.pictures, part == 0, keyframe, SIZES[layer]);
                let last = part + 1 == packets[layer];
                self.write(
                    self.camera,
                    rid.map(Rid::from),
                    millis.wrapping_mul(90),
                    now,
                    last,
                    payload,
                );
            }
        }
    }

    fn write(
        &mut self,
        mid: Mid,
        rid: Option<Rid>,
        time: u32,
        now: Instant,
        marker: bool,
        payload: Vec<u8>,
    ) {
        let fresh = !self.sequences.contains_key(&(mid, rid));
        let sequence = self.sequences.entry((mid, rid)).or_insert(1000);
        *sequence += 1;
        let Some(payload_type) = self
            .rtc
            .media(mid)
            .and_then(|media| media.remote_pts().first().copied())
        else {
            return;
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, rid) else {
            return;
        };
        if fresh {
            // str0m stops resending at 15 % of its rate, a limit that browsers do not have.
            stream.set_rtx_cache(1024, Duration::from_secs(3), None);
        }
        let extensions = ExtensionValues {
            audio_level: Some(-20),
            voice_activity: Some(true),
            ..Default::default()
        };
        stream.write_rtp(
            RtpWrite::new(payload_type, (*sequence).into(), time, now, payload)
                .marker(marker)
                .ext_vals(extensions)
                .nackable(true),
        );
        // What was written leaves at the next turn.
        self.timeout = now;
    }

    /// What came on section `mid`, by sequence number.
    pub fn received_on(&self, mid: Mid) -> Vec<&Received> {
        let mut packets: Vec<_> = self
            .received
            .iter()
            .filter(|packet| packet.mid == Some(mid))
            .collect();
        packets.sort_by_key(|packet| packet.sequence);
        packets
    }
}

/// A VP8 payload: descriptor with 15-bit picture id, TL0PICIDX and temporal layer, then a frame header.
fn picture(id: u16, starts: bool, keyframe: bool, size: usize) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let mut payload = vec![
        0x80 | u8::from(starts) << 4,
        0xE0,
        0x80 | high,
        low,
        low,
        0x20,
    ];
    payload.push(u8::from(!keyframe));
    payload.resize(size, 0xAB);
    payload
}
