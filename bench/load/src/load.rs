//! One run against one server: everybody joins, the warm-up passes, the window is measured, everybody leaves.
//!
//! One thread turns a single loop over all clients. On standard output it writes one JSON object a line: `window` with
//! `"state": "start"` and `"end"`, at which the caller reads the server's CPU time, and at last the `report`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use serde_json::json;
use str0m::crypto::from_feature_flags;
use str0m::{Rtc, RtcConfig};

use crate::client::{Client, ClientError};
use crate::frames::Dice;
use crate::report::{Report, Window};
use crate::role::{Camera, Role};
use crate::sockets::{Batch, Readiness};
use crate::source::Microphone;
use crate::token::room_token;

/// A participant that is not in the call after this long has failed to join.
const JOIN_PATIENCE: Duration = Duration::from_secs(15);

/// The load and whom it is put on.
pub(crate) struct Plan {
    pub(crate) server: SocketAddr,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) room_prefix: String,
    pub(crate) rooms: usize,
    /// People in a room who publish camera and microphone and receive all others.
    pub(crate) publishers: usize,
    /// People in a room who only receive.
    pub(crate) subscribers: usize,
    pub(crate) camera: Camera,
    pub(crate) microphone: bool,
    pub(crate) joins_at_once: usize,
    pub(crate) join_limit: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
    pub(crate) seed: u64,
}

impl Plan {
    /// Publishers of all rooms first: what the others join is a call in progress.
    fn roles(&self) -> Vec<Role> {
        let mut roles = Vec::new();
        for publishes in [true, false] {
            let count = if publishes {
                self.publishers
            } else {
                self.subscribers
            };
            for room in 0..self.rooms {
                for number in 0..count {
                    let tracks_in = self.publishers - usize::from(publishes);
                    roles.push(Role {
                        room,
                        identity: format!(
                            "{}{room}-{number}",
                            if publishes { "speaker" } else { "listener" }
                        ),
                        camera: publishes.then_some(self.camera),
                        microphone: (publishes && self.microphone).then_some(Microphone {
                            at: number,
                            of: self.publishers,
                        }),
                        audio_in: if self.microphone { tracks_in } else { 0 },
                        video_in: tracks_in,
                    });
                }
            }
        }
        roles
    }
}

pub(crate) struct Load {
    plan: Plan,
    template: RtcConfig,
    epoch: Instant,
    readiness: Readiness,
    batch: Batch,
    clients: Vec<Client>,
    /// Joins that did not even begin.
    refused: Vec<ClientError>,
}

impl Load {
    pub(crate) fn new(plan: Plan) -> io::Result<Load> {
        let mut template = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true);
        // One certificate for all: making hundreds would measure the generator.
        if let Some(certificate) = from_feature_flags().dtls_provider.generate_certificate() {
            template = template.set_dtls_cert(certificate);
        }
        Ok(Load {
            plan,
            template,
            epoch: Instant::now(),
            readiness: Readiness::new()?,
            batch: Batch::new(),
            clients: Vec::new(),
            refused: Vec::new(),
        })
    }

    pub(crate) fn run(mut self) -> io::Result<Report> {
        self.join_all()?;
        self.turn_for(self.plan.warm_up)?;
        for client in &mut self.clients {
            client.tally.reopen();
            client.sources.iter_mut().for_each(|source| source.sent = 0);
        }
        let window = Window::open(&self.clients);
        say(&json!({"event": "window", "state": "start"}))?;
        self.turn_for(self.plan.window)?;
        say(&json!({"event": "window", "state": "end"}))?;
        let tracks = self
            .plan
            .roles()
            .iter()
            .map(|role| role.audio_in + role.video_in)
            .sum();
        let report = Report::close(window, &self.clients, &self.refused, tracks);
        for client in &mut self.clients {
            client.leave();
        }
        Ok(report)
    }

    /// Start joins, a few at a time, until all are in, have failed, or the limit has passed.
    fn join_all(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + self.plan.join_limit;
        let mut dice = Dice::new(self.plan.seed);
        let mut roles = self.plan.roles().into_iter().peekable();
        loop {
            let now = Instant::now();
            let mut joining = 0;
            let mut publishers_ready = true;
            for client in self
                .clients
                .iter_mut()
                .filter(|client| client.failure.is_none())
            {
                if client.is_under_way() {
                    continue;
                }
                joining += 1;
                publishers_ready &= client.role.camera.is_none();
                if now - client.started > JOIN_PATIENCE {
                    client.failure = Some(ClientError::NeverJoined);
                }
            }
            let may_start = roles
                .peek()
                .is_some_and(|role| role.camera.is_some() || publishers_ready);
            if may_start
                && joining < self.plan.joins_at_once
                && let Some(role) = roles.next()
            {
                self.join(role, Dice::new(dice.next()))?;
            }
            let mut living = self
                .clients
                .iter()
                .filter(|client| client.failure.is_none());
            if roles.peek().is_none() && living.all(Client::has_joined) || now > deadline {
                return Ok(());
            }
            self.turn(now + Duration::from_millis(1))?;
        }
    }

    fn join(&mut self, role: Role, dice: Dice) -> io::Result<()> {
        let room = format!("{}-{}", self.plan.room_prefix, role.room);
        let token = room_token(&self.plan.key, &self.plan.secret, &room, &role.identity);
        let joined = Client::join(
            role,
            &self.template,
            self.plan.server,
            &token,
            dice,
            self.epoch,
        );
        match joined {
            Ok(client) => {
                let token = (self.clients.len() as u64) << 1;
                self.readiness.watch(client.udp.as_raw_fd(), token)?;
                self.readiness.watch(client.signal_fd(), token | 1)?;
                self.clients.push(client);
            }
            Err(error) => self.refused.push(error),
        }
        Ok(())
    }

    fn turn_for(&mut self, time: Duration) -> io::Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.turn(until)?;
        }
        Ok(())
    }

    /// Everything that is due or has arrived, waiting for it until `until` at most.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        let now = Instant::now();
        let mut next = until;
        for client in self
            .clients
            .iter_mut()
            .filter(|client| client.failure.is_none())
        {
            if client.next_due() <= now {
                client.failure = client.on_time(now).err();
            }
            next = next.min(client.next_due());
        }
        let wait = next.saturating_duration_since(Instant::now());
        for token in self.readiness.wait(wait)? {
            let client = &mut self.clients[(token >> 1) as usize];
            if client.failure.is_some() {
                continue;
            }
            let result = if token & 1 == 1 {
                client.on_signal(Instant::now())
            } else {
                client.on_readable(&mut self.batch)
            };
            client.failure = result.err();
        }
        Ok(())
    }
}

/// One line of JSON for the caller, at once.
fn say(line: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
