//! The engine's events as frozen Python objects.

use huisclos_net::{Channel, CloseReason, Event, Refusal};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

macro_rules! event_classes {
    ($($name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        $(
            #[pyclass(frozen, get_all, module = "huisclos._engine")]
            pub(crate) struct $name { $($field: $kind),* }

            #[pymethods]
            impl $name {
                fn __repr__(&self) -> String {
                    concat!(stringify!($name), "(…)").to_owned()
                }
            }
        )*

        const EVENT_NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

event_classes! {
    Answered { peer: String, request: u64, sdp: String }
    Offered { peer: String, request: u64, sdp: String }
    Refused { peer: String, request: u64, code: &'static str, detail: String }
    Connected { peer: String }
    Unreachable { peer: String }
    Closed { peer: String, reason: &'static str }
    TrackStarted { peer: String, track: String, mime: &'static str }
    StreamState { peer: String, mid: String, track: String, paused: bool }
    Data { peer: String, channel: &'static str, payload: Py<PyBytes> }
    AudioLevels { room: String, levels: Vec<(String, f32, bool)> }
    PeerStats { peer: String, loss_up: f32, loss_down: f32, rtt_ms: f32, estimate_bps: u64, sent_bps: u64 }
}

/// `Event`, `Channel` and `CloseReason` as the unions and literals that they stand for.
pub(crate) fn add_aliases(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let typing = module.py().import("typing")?;
    let (union, literal) = (typing.getattr("Union")?, typing.getattr("Literal")?);
    let add = |alias: &str, members: PyResult<Vec<_>>| {
        module.add(alias, union.get_item(PyTuple::new(module.py(), members?)?)?)
    };
    let classes = EVENT_NAMES.iter().map(|name| module.getattr(*name));
    add("Event", classes.collect())?;
    let channels = CHANNELS.map(|channel| literal.get_item(channel_name(channel)));
    add("Channel", channels.into_iter().collect())?;
    let reasons = REASONS.map(|reason| literal.get_item(reason_name(reason)));
    add("CloseReason", reasons.into_iter().collect())
}

pub(crate) const CHANNELS: [Channel; 3] = [Channel::Reliable, Channel::Lossy, Channel::DataTrack];

const REASONS: [CloseReason; 7] = [
    CloseReason::Removed,
    CloseReason::IceTimeout,
    CloseReason::NeverConnected,
    CloseReason::DtlsFailed,
    CloseReason::Panic,
    CloseReason::Overrun,
    CloseReason::Protocol,
];

pub(crate) fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Reliable => "reliable",
        Channel::Lossy => "lossy",
        Channel::DataTrack => "data_track",
    }
}

fn reason_name(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Removed => "removed",
        CloseReason::IceTimeout => "ice_timeout",
        CloseReason::NeverConnected => "never_connected",
        CloseReason::DtlsFailed => "dtls_failed",
        CloseReason::Panic => "panic",
        CloseReason::Overrun => "overrun",
        CloseReason::Protocol => "protocol",
    }
}

fn refusal_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::SdpInvalid => "sdp_invalid",
        Refusal::SdpTooLarge => "sdp_too_large",
        Refusal::UnknownPeer => "unknown_peer",
        Refusal::Internal => "internal",
    }
}

/// `event` as an object of its class.
pub(crate) fn to_python(py: Python<'_>, event: Event) -> PyResult<Py<PyAny>> {
    Ok(match event {
        Event::Answered { peer, request, sdp } => Py::new(
            py,
            Answered {
                peer: peer.to_string(),
                request,
                sdp,
            },
        )?
        .into_any(),
        Event::Offered { peer, request, sdp } => Py::new(
            py,
            Offered {
                peer: peer.to_string(),
                request,
                sdp,
            },
        )?
        .into_any(),
        Event::Refused {
            peer,
            request,
            code,
            detail,
        } => {
            let code = refusal_name(code);
            Py::new(
                py,
                Refused {
                    peer: peer.to_string(),
                    request,
                    code,
                    detail,
                },
            )?
            .into_any()
        }
        Event::Connected { peer } => Py::new(
            py,
            Connected {
                peer: peer.to_string(),
            },
        )?
        .into_any(),
        Event::Unreachable { peer } => Py::new(
            py,
            Unreachable {
                peer: peer.to_string(),
            },
        )?
        .into_any(),
        Event::Closed { peer, reason } => Py::new(
            py,
            Closed {
                peer: peer.to_string(),
                reason: reason_name(reason),
            },
        )?
        .into_any(),
        Event::TrackStarted { peer, track, mime } => Py::new(
            py,
            TrackStarted {
                peer: peer.to_string(),
                track: track.to_string(),
                mime,
            },
        )?
        .into_any(),
        Event::StreamState {
            peer,
            mid,
            track,
            paused,
        } => {
            let (peer, track) = (peer.to_string(), track.to_string());
            Py::new(
                py,
                StreamState {
                    peer,
                    mid,
                    track,
                    paused,
                },
            )?
            .into_any()
        }
        Event::Data {
            peer,
            channel,
            payload,
        } => {
            let payload = PyBytes::new(py, &payload).unbind();
            Py::new(
                py,
                Data {
                    peer: peer.to_string(),
                    channel: channel_name(channel),
                    payload,
                },
            )?
            .into_any()
        }
        Event::AudioLevels { room, levels } => {
            let levels = levels
                .into_iter()
                .map(|(peer, level, active)| (peer.to_string(), level, active))
                .collect();
            Py::new(
                py,
                AudioLevels {
                    room: room.to_string(),
                    levels,
                },
            )?
            .into_any()
        }
        Event::PeerStats { peer, stats } => Py::new(
            py,
            PeerStats {
                peer: peer.to_string(),
                loss_up: stats.loss_up,
                loss_down: stats.loss_down,
                rtt_ms: stats.rtt_ms,
                estimate_bps: stats.estimate_bps,
                sent_bps: stats.sent_bps,
            },
        )?
        .into_any(),
    })
}
