//! One participant: signalling, ICE, DTLS and SRTP (str0m), what it publishes and what it counts.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError};
use thiserror::Error;

use crate::frames::Dice;
use crate::protocol::{
    ClientInfo, ConnectionSettings, JoinRequest, Leave, MediaSectionsRequirement, Ping, Request,
    Response, SessionDescription,
};
use crate::role::{Role, first_offer, layers};
use crate::signal::{Signal, SignalError};
use crate::sockets::{self, Batch, Datagram};
use crate::source::{Source, payload_type};
use crate::tally::{RtpFields, Tally};

#[derive(Debug, Error)]
pub(crate) enum ClientError {
    #[error("signalling: {0}")]
    Signal(#[from] SignalError),
    #[error("media: {0}")]
    Rtc(#[from] RtcError),
    #[error("socket: {0}")]
    Io(#[from] io::Error),
    #[error("candidate: {0}")]
    Candidate(String),
    #[error("answer: {0}")]
    Answer(String),
    #[error("told to leave, reason {0}")]
    ToldToLeave(i32),
    #[error("media path lost")]
    PathLost,
    #[error("not in the call in time")]
    NeverJoined,
}

pub(crate) struct Client {
    pub(crate) role: Role,
    pub(crate) started: Instant,
    pub(crate) connected: Option<Instant>,
    pub(crate) first_media: Option<Instant>,
    pub(crate) failure: Option<ClientError>,
    pub(crate) tally: Tally,
    pub(crate) sources: Vec<Source>,
    pub(crate) udp: UdpSocket,
    local: SocketAddr,
    signal: Signal,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    /// Sections asked for while an offer was on its way.
    wanted: Option<MediaSectionsRequirement>,
    offer_id: u32,
    published: Vec<(MediaKind, Mid)>,
    dice: Dice,
    timeout: Instant,
    /// The latest time str0m has been told.
    told: Instant,
    ping_every: Duration,
    ping_due: Instant,
    media_types: [u8; 2],
    rtx_type: Option<u8>,
    epoch: Instant,
}

impl Client {
    /// Open the sockets and send the join request with the first offer. `epoch` is the zero of the stamps.
    pub(crate) fn join(
        role: Role,
        template: &RtcConfig,
        server: SocketAddr,
        token: &str,
        dice: Dice,
        epoch: Instant,
    ) -> Result<Client, ClientError> {
        let started = Instant::now();
        let udp = sockets::loopback_socket()?;
        let local = udp.local_addr()?;
        let mut rtc = template.clone().build(started);
        let candidate = Candidate::host(local, Protocol::Udp)
            .map_err(|error| ClientError::Candidate(error.to_string()))?;
        rtc.add_local_candidate(candidate);
        let (published, add_track_requests, sdp, pending) = first_offer(&mut rtc, &role);
        let request = JoinRequest {
            client_info: Some(ClientInfo {
                version: env!("CARGO_PKG_VERSION").into(),
                protocol: 17,
            }),
            connection_settings: Some(ConnectionSettings {
                auto_subscribe: role.audio_in + role.video_in > 0,
                adaptive_stream: false,
                subscriber_allow_pause: Some(false),
            }),
            add_track_requests,
            publisher_offer: Some(SessionDescription {
                kind: "offer".into(),
                sdp,
                id: 1,
            }),
        };
        let path = format!(
            "/rtc/v1?access_token={token}&join_request={}",
            request.to_query()?
        );
        let signal = Signal::connect(server, &path)?;
        let media_types = [Codec::Opus, Codec::Vp8]
            .map(|codec| payload_type(&rtc, codec).map_or(0, |(pt, _)| *pt));
        let rtx_type = payload_type(&rtc, Codec::Vp8).and_then(|(_, resend)| resend.map(|pt| *pt));
        Ok(Client {
            role,
            started,
            connected: None,
            first_media: None,
            failure: None,
            tally: Tally::default(),
            sources: Vec::new(),
            udp,
            local,
            signal,
            rtc,
            pending,
            wanted: None,
            offer_id: 1,
            published,
            dice,
            timeout: started,
            told: started,
            ping_every: Duration::from_secs(5),
            ping_due: started + Duration::from_secs(5),
            media_types,
            rtx_type,
            epoch,
        })
    }

    pub(crate) fn signal_fd(&self) -> std::os::fd::RawFd {
        self.signal.fd()
    }

    /// In the call: its media path is up, and the first packet has come if it is to receive any.
    pub(crate) fn has_joined(&self) -> bool {
        let receives = self.role.audio_in + self.role.video_in > 0;
        self.connected.is_some() && (!receives || self.first_media.is_some())
    }

    /// A publisher sends all its tracks, a listener has joined.
    pub(crate) fn is_under_way(&self) -> bool {
        if self.published.is_empty() {
            self.has_joined()
        } else {
            self.connected.is_some() && self.sources.len() == self.published.len()
        }
    }

    /// Read the signalling socket and act on what the server says.
    pub(crate) fn on_signal(&mut self, now: Instant) -> Result<(), ClientError> {
        for response in self.signal.poll()? {
            match response {
                Response::Join(join) if join.ping_interval > 0 => {
                    self.ping_every = Duration::from_secs(join.ping_interval as u64);
                }
                Response::Join(_) => {}
                Response::Answer(answer) => self.on_answer(&answer, now)?,
                Response::MediaSections(requirement) => {
                    let wanted = self.wanted.get_or_insert_default();
                    wanted.num_audios = wanted.num_audios.max(requirement.num_audios);
                    wanted.num_videos = wanted.num_videos.max(requirement.num_videos);
                    self.offer_again(now)?;
                }
                Response::Leave(leave) => return Err(ClientError::ToldToLeave(leave.reason)),
            }
        }
        Ok(())
    }

    /// Take one batch of datagrams from the socket.
    pub(crate) fn on_readable(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        for datagram in batch.receive(&self.udp)? {
            self.on_datagram(&datagram)?;
        }
        Ok(())
    }

    /// One datagram from the socket: counted first, then given to str0m with the kernel's time of arrival. Feedback to the
    /// server then tells of the path and not of a generator that was late to read; only str0m's time must not go back.
    fn on_datagram(&mut self, datagram: &Datagram<'_>) -> Result<(), ClientError> {
        let bytes = datagram.bytes;
        let now = datagram.arrived.max(self.told);
        if let Some(rtp) = RtpFields::read(bytes) {
            if self.media_types.contains(&rtp.payload_type) {
                self.first_media.get_or_insert(now);
                self.tally.media(&rtp, bytes.len());
            } else if self.rtx_type == Some(rtp.payload_type) {
                self.tally.retransmission();
            }
        }
        let Ok(receive) = Receive::new(Protocol::Udp, datagram.source, self.local, bytes) else {
            return Ok(());
        };
        self.told = now;
        self.rtc.handle_input(Input::Receive(now, receive))?;
        self.drain(now)
    }

    /// Whatever is due: str0m's timers, frames, pings.
    pub(crate) fn on_time(&mut self, now: Instant) -> Result<(), ClientError> {
        if now >= self.timeout {
            self.told = self.told.max(now);
            self.rtc.handle_input(Input::Timeout(now))?;
            self.drain(now)?;
        }
        if now >= self.ping_due {
            self.ping_due = now + self.ping_every;
            let timestamp = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64);
            self.signal
                .send(Request::Ping(Ping { timestamp, rtt: 0 }))?;
        }
        if self.connected.is_some() {
            for at in 0..self.sources.len() {
                for packet in self.sources[at].produce(now, self.epoch) {
                    if let Some(stream) = self
                        .rtc
                        .direct_api()
                        .stream_tx_by_mid(packet.mid, packet.rid)
                    {
                        stream.write_rtp(packet.write);
                    }
                    self.drain(now)?;
                }
            }
        }
        Ok(())
    }

    /// When `on_time` has something to do again.
    pub(crate) fn next_due(&self) -> Instant {
        let frames = self.sources.iter().map(Source::due).min();
        let media = frames
            .filter(|_| self.connected.is_some())
            .unwrap_or(self.timeout);
        self.timeout.min(self.ping_due).min(media)
    }

    pub(crate) fn leave(&mut self) {
        // The run is over: nothing is left to do if the socket is gone.
        let _ = self.signal.send(Request::Leave(Leave {
            reason: 1,
            action: 0,
        }));
    }

    fn on_answer(&mut self, answer: &SessionDescription, now: Instant) -> Result<(), ClientError> {
        let Some(pending) = self.pending.take() else {
            return Ok(());
        };
        let sdp = SdpAnswer::from_sdp_string(&answer.sdp)
            .map_err(|error| ClientError::Answer(error.to_string()))?;
        self.rtc.sdp_api().accept_answer(pending, sdp)?;
        self.drain(now)?;
        self.start_sources(now);
        if self.wanted.is_some() {
            self.offer_again(now)?;
        }
        Ok(())
    }

    fn start_sources(&mut self, now: Instant) {
        if !self.sources.is_empty() {
            return;
        }
        for (kind, mid) in &self.published {
            let dice = Dice::new(self.dice.next());
            let source = match kind {
                MediaKind::Audio => self
                    .role
                    .microphone
                    .and_then(|microphone| Source::audio(&self.rtc, *mid, microphone, now, dice)),
                MediaKind::Video => self.role.camera.and_then(|camera| {
                    Source::video(&self.rtc, *mid, camera.fps, &layers(camera), now, dice)
                }),
            };
            self.sources.extend(source);
        }
    }

    /// Offer the sections the server misses. It learns of them only by a new offer, so one spare section is added when
    /// it asks for an offer without naming any.
    fn offer_again(&mut self, now: Instant) -> Result<(), ClientError> {
        if self.pending.is_some() {
            return Ok(());
        }
        let wanted = self.wanted.take().unwrap_or_default();
        let mut changes = self.rtc.sdp_api();
        let audios = if wanted.num_audios + wanted.num_videos == 0 {
            1
        } else {
            wanted.num_audios
        };
        for _ in 0..audios {
            changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        }
        for _ in 0..wanted.num_videos {
            changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        }
        if let Some((offer, pending)) = changes.apply() {
            self.offer_id += 1;
            self.pending = Some(pending);
            self.signal.send(Request::Offer(SessionDescription {
                kind: "offer".into(),
                sdp: offer.to_sdp_string(),
                id: self.offer_id,
            }))?;
        }
        self.drain(now)
    }

    fn drain(&mut self, now: Instant) -> Result<(), ClientError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.timeout = at;
                    return Ok(());
                }
                Output::Transmit(datagram) => {
                    // A candidate that this loopback socket cannot reach, or a full buffer: both are the network's loss.
                    let _ = self.udp.send_to(&datagram.contents, datagram.destination);
                }
                Output::Event(event) => self.on_event(event, now)?,
            }
        }
    }

    fn on_event(&mut self, event: Event, now: Instant) -> Result<(), ClientError> {
        match event {
            Event::Connected => {
                self.connected.get_or_insert(now);
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                return Err(ClientError::PathLost);
            }
            Event::RtpPacket(packet) => {
                self.tally
                    .payload(&packet.payload, packet.timestamp, self.epoch)
            }
            Event::KeyframeRequest(request) => {
                for source in &mut self.sources {
                    source.key_frame_wanted(request.mid, request.rid);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
