//! What this machine could do at best: seal and send the packets of the load in a bare loop, nothing else.
//!
//! No receiving, no bookkeeping, no retransmission: AES-256-GCM over the same packet sizes at the same instants, then
//! batched sends with segmentation offload, to sockets that the other core empties. The packets of a frame differ by a
//! byte at most; they are padded to one size (RFC 3550), so that the kernel takes them as one run. A server cannot beat
//! this figure on the same kernel with the same sockets; how near it comes is what its own work costs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Serialize;

use crate::frames::{self, Dice};
use crate::segments::Outbox;
use crate::sockets::{self, Batch, Readiness};

/// RTP header with the extensions an SFU writes: authenticated, not encrypted.
const HEADER: usize = 20;

pub(crate) struct LimitPlan {
    pub(crate) subscribers: usize,
    pub(crate) fps: u32,
    pub(crate) packets_per_frame: usize,
    pub(crate) microphone: bool,
    pub(crate) window: Duration,
    pub(crate) seed: u64,
    /// Core of the sending thread and of the emptying one.
    pub(crate) cores: (usize, usize),
}

#[derive(Serialize)]
pub(crate) struct Limit {
    event: &'static str,
    packets: u64,
    /// Share of `packets` that reached a socket's reader.
    received: f64,
    cpu_seconds: f64,
    packets_per_cpu_second: f64,
}

pub(crate) fn measure(plan: &LimitPlan) -> io::Result<Limit> {
    let receivers = (0..plan.subscribers)
        .map(|_| sockets::loopback_socket())
        .collect::<io::Result<Vec<_>>>()?;
    let addresses = receivers
        .iter()
        .filter_map(|socket| match socket.local_addr() {
            Ok(SocketAddr::V4(address)) => Some(address),
            _ => None,
        })
        .collect::<Vec<_>>();
    let done = AtomicBool::new(false);
    let received = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let emptying = scope.spawn(|| empty(&receivers, plan.cores.1, &done, &received));
        let sent = send(plan, &addresses);
        // What is in flight is in the sockets already: loopback delivers within the send call.
        done.store(true, Ordering::Release);
        let outcome = emptying
            .join()
            .map_err(|_| io::Error::other("the emptying thread panicked"))?;
        outcome?;
        let (packets, cpu) = sent?;
        Ok(Limit {
            event: "limit",
            packets,
            received: received.load(Ordering::Acquire) as f64 / packets.max(1) as f64,
            cpu_seconds: cpu.as_secs_f64(),
            packets_per_cpu_second: packets as f64 / cpu.as_secs_f64(),
        })
    })
}

/// Send for the length of the window: packets sent, CPU time of this thread.
fn send(plan: &LimitPlan, addresses: &[SocketAddrV4]) -> io::Result<(u64, Duration)> {
    sockets::pin_thread(plan.cores.0)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let key = UnboundKey::new(&AES_256_GCM, &[7; 32])
        .map_err(|_| io::Error::other("AES-256-GCM refused its key"))?;
    let key = LessSafeKey::new(key);
    let mut outbox = Outbox::new();
    let mut dice = Dice::new(plan.seed);
    let noise = frames::noise(&mut dice, frames::MAX_PAYLOAD);
    let frame_every = Duration::from_secs(1) / plan.fps;
    let audio_every = Duration::from_millis(20);
    let start = Instant::now();
    let (mut frame_due, mut audio_due) = (start, start);
    let mut packets = 0;
    let cpu = sockets::thread_cpu();
    while start.elapsed() < plan.window {
        let due = if plan.microphone {
            frame_due.min(audio_due)
        } else {
            frame_due
        };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let sizes = if due == frame_due {
            frame_due += frame_every;
            let sizes = frames::frame_sizes(&mut dice, plan.packets_per_frame, false);
            let largest = sizes.iter().copied().max().unwrap_or_default();
            vec![largest; sizes.len()]
        } else {
            audio_due += audio_every;
            vec![frames::audio_size(&mut dice)]
        };
        for address in addresses {
            for size in &sizes {
                packets += 1;
                outbox.push(*address, |arena| {
                    seal(&key, packets, &noise[..*size], arena)
                });
            }
            if outbox.is_full() {
                outbox.flush(&socket)?;
            }
        }
        outbox.flush(&socket)?;
    }
    Ok((packets, sockets::thread_cpu() - cpu))
}

/// Append one packet: clear header, encrypted payload, tag.
fn seal(key: &LessSafeKey, number: u64, payload: &[u8], arena: &mut Vec<u8>) {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    let mut header = [0; HEADER];
    header[0] = 0x90;
    header[1] = 96;
    header[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    arena.extend_from_slice(&header);
    let start = arena.len();
    arena.extend_from_slice(payload);
    let sealed = key.seal_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(header),
        &mut arena[start..],
    );
    if let Ok(tag) = sealed {
        arena.extend_from_slice(tag.as_ref());
    }
}

/// Empty all sockets until `done`, then once more.
fn empty(
    receivers: &[UdpSocket],
    core: usize,
    done: &AtomicBool,
    received: &AtomicU64,
) -> io::Result<()> {
    sockets::pin_thread(core)?;
    let mut readiness = Readiness::new()?;
    for (socket, token) in receivers.iter().zip(0..) {
        readiness.watch(socket.as_raw_fd(), token)?;
    }
    let mut batch = Batch::new();
    loop {
        let last = done.load(Ordering::Acquire);
        let mut count = 0;
        for token in readiness.wait(Duration::from_millis(20))? {
            count += batch.receive(&receivers[token as usize])?.count() as u64;
        }
        received.fetch_add(count, Ordering::Release);
        if last && count == 0 {
            return Ok(());
        }
    }
}
