//! The `Engine` class: translates arguments to commands and nothing else.

use std::collections::BTreeMap;
use std::net::IpAddr;

use huisclos_net::{Busy, Channel, Command, EngineConfig, Name, Wish};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::events;

pyo3::create_exception!(
    _engine,
    EngineBusy,
    PyRuntimeError,
    "The bounded command queue is full: the media thread is overloaded or stuck. Nothing was queued."
);

fn parse_addresses(texts: Option<Vec<String>>) -> PyResult<Vec<IpAddr>> {
    let parse = |text: String| {
        text.parse()
            .map_err(|_| PyValueError::new_err(format!("not an IP address: {text:?}")))
    };
    texts.unwrap_or_default().into_iter().map(parse).collect()
}

fn parse_channel(name: &str) -> PyResult<Channel> {
    events::CHANNELS
        .into_iter()
        .find(|channel| events::channel_name(*channel) == name)
        .ok_or_else(|| PyValueError::new_err(format!("no such channel: {name:?}")))
}

#[pyclass(frozen, module = "huisclos._engine")]
pub(crate) struct Engine(huisclos_net::Engine);

impl Engine {
    fn command(&self, command: Command) -> PyResult<()> {
        self.0
            .command(command)
            .map_err(|busy: Busy| EngineBusy::new_err(busy.to_string()))
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (
        *, media_port, bind = None, public_addresses = None, loopback = true, segmentation_offload = true,
        max_peers = 10_000
    ))]
    fn new(
        media_port: u16,
        bind: Option<Vec<String>>,
        public_addresses: Option<Vec<String>>,
        loopback: bool,
        segmentation_offload: bool,
        max_peers: usize,
    ) -> PyResult<Self> {
        let config = EngineConfig {
            media_port,
            bind: parse_addresses(bind)?,
            public_addresses: parse_addresses(public_addresses)?,
            loopback,
            segmentation_offload,
            max_peers,
        };
        Ok(Engine(huisclos_net::Engine::start(config)?))
    }

    #[getter]
    fn media_port(&self) -> u16 {
        self.0.media_port()
    }

    fn candidates(&self) -> Vec<String> {
        self.0
            .candidates()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn fileno(&self) -> i32 {
        self.0.event_descriptor()
    }

    #[pyo3(signature = (limit = 4096))]
    fn events(&self, py: Python<'_>, limit: usize) -> PyResult<Vec<Py<PyAny>>> {
        self.0
            .events(limit)
            .into_iter()
            .map(|event| events::to_python(py, event))
            .collect()
    }

    fn lost_events(&self) -> u64 {
        self.0.lost_events()
    }

    fn heartbeat_age(&self) -> f64 {
        self.0.heartbeat_age().as_secs_f64()
    }

    fn stats(&self) -> BTreeMap<&'static str, u64> {
        self.0.counters().into_iter().collect()
    }

    fn shutdown(&self, py: Python<'_>) {
        py.detach(|| self.0.shutdown());
    }

    fn add_peer(&self, peer: &str, room: &str) -> PyResult<()> {
        self.command(Command::AddPeer {
            peer: Name::from(peer),
            room: Name::from(room),
        })
    }

    fn remove_peer(&self, peer: &str) -> PyResult<()> {
        self.command(Command::RemovePeer {
            peer: Name::from(peer),
        })
    }

    fn offer(&self, peer: &str, request: u64, sdp: String) -> PyResult<()> {
        self.command(Command::Offer {
            peer: Name::from(peer),
            request,
            sdp,
        })
    }

    #[pyo3(signature = (peer, request, *, audios, videos, restart = false))]
    fn create_offer(
        &self,
        peer: &str,
        request: u64,
        audios: usize,
        videos: usize,
        restart: bool,
    ) -> PyResult<()> {
        self.command(Command::CreateOffer {
            peer: Name::from(peer),
            request,
            audios,
            videos,
            restart,
        })
    }

    fn apply_answer(&self, peer: &str, request: u64, sdp: String) -> PyResult<()> {
        self.command(Command::ApplyAnswer {
            peer: Name::from(peer),
            request,
            sdp,
        })
    }

    fn candidate(&self, peer: &str, candidate: String) -> PyResult<()> {
        self.command(Command::Candidate {
            peer: Name::from(peer),
            candidate,
        })
    }

    #[pyo3(signature = (peer, mid, track, *, screen = false))]
    fn publish(&self, peer: &str, mid: String, track: &str, screen: bool) -> PyResult<()> {
        self.command(Command::Publish {
            peer: Name::from(peer),
            mid,
            track: Name::from(track),
            screen,
        })
    }

    fn unpublish(&self, track: &str) -> PyResult<()> {
        self.command(Command::Unpublish {
            track: Name::from(track),
        })
    }

    fn mute(&self, track: &str, muted: bool) -> PyResult<()> {
        self.command(Command::Mute {
            track: Name::from(track),
            muted,
        })
    }

    fn subscribe(&self, peer: &str, mid: String, track: &str) -> PyResult<()> {
        self.command(Command::Subscribe {
            peer: Name::from(peer),
            mid,
            track: Name::from(track),
        })
    }

    fn unsubscribe(&self, peer: &str, mid: String) -> PyResult<()> {
        self.command(Command::Unsubscribe {
            peer: Name::from(peer),
            mid,
        })
    }

    #[pyo3(signature = (peer, mid, *, quality, paused = false, priority = 0))]
    fn prefer(
        &self,
        peer: &str,
        mid: String,
        quality: u8,
        paused: bool,
        priority: i32,
    ) -> PyResult<()> {
        let wish = Wish {
            quality: quality.min(2),
            paused,
            priority,
        };
        self.command(Command::Prefer {
            peer: Name::from(peer),
            mid,
            wish,
        })
    }

    fn request_keyframe(&self, track: &str) -> PyResult<()> {
        self.command(Command::RequestKeyframe {
            track: Name::from(track),
        })
    }

    fn send_data(&self, peers: Vec<String>, channel: &str, payload: &[u8]) -> PyResult<()> {
        let peers = peers.into_iter().map(Name::from).collect();
        self.command(Command::SendData {
            peers,
            channel: parse_channel(channel)?,
            payload: payload.into(),
        })
    }
}
