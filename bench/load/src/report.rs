//! The figures of a run: from what the clients counted to the JSON that `bench/run.py` keeps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::client::{Client, ClientError};
use crate::sockets;

/// What was noted when the window opened.
pub(crate) struct Window {
    opened: Instant,
    cpu: Duration,
    drops: u64,
}

impl Window {
    pub(crate) fn open(clients: &[Client]) -> Window {
        Window {
            opened: Instant::now(),
            cpu: sockets::thread_cpu(),
            drops: drops(clients),
        }
    }
}

/// Median, 99th percentile and largest of a set of figures; zeros for an empty one.
#[derive(Serialize)]
pub(crate) struct Spread {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = values.len().saturating_sub(1);
            let place = (last as f64 * share).round() as usize;
            values.get(place).copied().unwrap_or_default()
        };
        Spread {
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Joins {
    attempted: usize,
    failed: usize,
    /// How many failed for each reason, at join or later.
    reasons: BTreeMap<String, usize>,
    /// From the start of the connection to the first media packet, those who receive.
    milliseconds: Spread,
}

#[derive(Serialize)]
pub(crate) struct Report {
    event: &'static str,
    window_seconds: f64,
    joins: Joins,
    /// RTP packets the publishers sent in the window, retransmissions apart.
    sent: u64,
    /// Media packets that reached a receiver's socket in the window, retransmissions apart.
    forwarded: u64,
    forwarded_bytes: u64,
    /// Forwarded against sent times receivers. Above 1 by what was under way when the window opened; `null` under
    /// simulcast, where one of several layers is forwarded.
    delivered: Option<f64>,
    /// Share of the sequence numbers that never came on their own stream.
    loss: f64,
    retransmissions: u64,
    /// Of `forwarded`, the packets that a receiver decrypted and whose stamp was whole.
    decrypted: u64,
    /// Over all receivers, those that failed to join included.
    tracks_expected: usize,
    tracks_received: usize,
    /// From the publisher's stamp to the receiver's socket.
    latency_microseconds: Spread,
    generator_cpu_seconds: f64,
    /// Datagrams lost in the generator's own socket buffers: to be 0, else it measured itself.
    generator_drops: u64,
}

impl Report {
    pub(crate) fn close(
        window: Window,
        clients: &[Client],
        refused: &[ClientError],
        tracks_expected: usize,
    ) -> Report {
        let elapsed = window.opened.elapsed();
        let cpu = sockets::thread_cpu() - window.cpu;
        let forwarded: u64 = clients.iter().map(|client| client.tally.packets).sum();
        let sent: u64 = clients.iter().map(sent_by).sum();
        let due: u64 = clients
            .iter()
            .map(|receiver| {
                let room = receiver.role.room;
                let in_room: u64 = clients
                    .iter()
                    .filter(|other| other.role.room == room)
                    .map(sent_by)
                    .sum();
                if receives(receiver) {
                    in_room - sent_by(receiver)
                } else {
                    0
                }
            })
            .sum();
        let simulcast = clients
            .iter()
            .any(|client| client.role.camera.is_some_and(|camera| camera.simulcast));
        let expected: i64 = clients.iter().map(|client| client.tally.expected()).sum();
        let missing: i64 = clients.iter().map(|client| client.tally.missing()).sum();
        let latencies = clients.iter().flat_map(|client| {
            client
                .tally
                .latencies
                .iter()
                .map(|micros| f64::from(*micros))
        });
        Report {
            event: "report",
            window_seconds: elapsed.as_secs_f64(),
            joins: joins(clients, refused),
            sent,
            forwarded,
            forwarded_bytes: clients.iter().map(|client| client.tally.bytes).sum(),
            delivered: (!simulcast).then(|| forwarded as f64 / due.max(1) as f64),
            loss: missing as f64 / expected.max(1) as f64,
            retransmissions: clients.iter().map(|client| client.tally.rtx_packets).sum(),
            decrypted: clients.iter().map(|client| client.tally.decrypted).sum(),
            tracks_expected,
            tracks_received: clients
                .iter()
                .map(|client| client.tally.live_streams())
                .sum(),
            latency_microseconds: Spread::of(latencies.collect()),
            generator_cpu_seconds: cpu.as_secs_f64(),
            generator_drops: drops(clients) - window.drops,
        }
    }
}

fn joins(clients: &[Client], refused: &[ClientError]) -> Joins {
    let mut reasons = BTreeMap::new();
    let failures = clients.iter().filter_map(|client| client.failure.as_ref());
    for failure in failures.chain(refused) {
        *reasons.entry(failure.to_string()).or_default() += 1;
    }
    for _ in clients
        .iter()
        .filter(|client| client.failure.is_none() && !client.has_joined())
    {
        *reasons
            .entry(ClientError::NeverJoined.to_string())
            .or_default() += 1;
    }
    let took = clients
        .iter()
        .filter_map(|client| Some((client.first_media? - client.started).as_secs_f64() * 1e3));
    Joins {
        attempted: clients.len() + refused.len(),
        failed: reasons.values().sum(),
        reasons,
        milliseconds: Spread::of(took.collect()),
    }
}

fn receives(client: &Client) -> bool {
    client.role.audio_in + client.role.video_in > 0
}

fn sent_by(client: &Client) -> u64 {
    client.sources.iter().map(|source| source.sent).sum()
}

fn drops(clients: &[Client]) -> u64 {
    clients
        .iter()
        .map(|client| sockets::dropped(&client.udp))
        .sum()
}
