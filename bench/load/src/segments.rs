//! Batched sending with segmentation offload: runs of equal datagrams to one destination, many runs in one call.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{SocketAddrV4, UdpSocket};
use std::ops::Range;
use std::os::fd::AsRawFd;

use crate::sockets::checked;

/// Segments of one message at most, and its bytes: what Linux takes (64 segments, 65,507 bytes), with a margin.
const SEGMENTS: usize = 44;
const MESSAGE_BYTES: usize = 65_000;
/// Messages in one `sendmmsg` at most (`UIO_MAXIOV`).
const MESSAGES: usize = 1_024;

struct Run {
    to: SocketAddrV4,
    bytes: Range<usize>,
    segment: usize,
}

/// Room for a control message that carries one `u16`, aligned as the kernel wants it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 24]);

/// Datagrams gathered for the next call.
pub(crate) struct Outbox {
    arena: Vec<u8>,
    runs: Vec<Run>,
}

impl Outbox {
    pub(crate) fn new() -> Outbox {
        Outbox {
            arena: Vec::with_capacity(4 << 20),
            runs: Vec::with_capacity(MESSAGES),
        }
    }

    /// Append a datagram that `write` puts at the end of the buffer. It joins the run before it when it may: same
    /// destination, same size.
    pub(crate) fn push(&mut self, to: SocketAddrV4, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.arena.len();
        write(&mut self.arena);
        let end = self.arena.len();
        if let Some(run) = self.runs.last_mut() {
            let full = run.bytes.len() + end - start > MESSAGE_BYTES
                || run.bytes.len() / run.segment >= SEGMENTS;
            if run.to == to && run.segment == end - start && !full {
                run.bytes.end = end;
                return;
            }
        }
        self.runs.push(Run {
            to,
            bytes: start..end,
            segment: end - start,
        });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.runs.len() >= MESSAGES - 64 || self.arena.len() > (4 << 20) - (1 << 18)
    }

    /// Send everything gathered; what the kernel refuses for want of room is tried again.
    pub(crate) fn flush(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let mut names: Vec<libc::sockaddr_in> =
            self.runs.iter().map(|run| raw_address(run.to)).collect();
        let mut vectors: Vec<libc::iovec> = self
            .runs
            .iter()
            .map(|run| libc::iovec {
                iov_base: self.arena[run.bytes.clone()].as_mut_ptr().cast(),
                iov_len: run.bytes.len(),
            })
            .collect();
        let mut controls: Vec<Control> = self
            .runs
            .iter()
            .map(|run| segment_control(run.segment as u16))
            .collect();
        let mut headers: Vec<libc::mmsghdr> = (0..self.runs.len())
            .map(|at| {
                // SAFETY: an all-zero header is valid; the pointers set below outlive the sending loop.
                let mut header: libc::mmsghdr = unsafe { zeroed() };
                header.msg_hdr.msg_name = (&raw mut names[at]).cast();
                header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
                header.msg_hdr.msg_iov = &raw mut vectors[at];
                header.msg_hdr.msg_iovlen = 1;
                if self.runs[at].bytes.len() > self.runs[at].segment {
                    header.msg_hdr.msg_control = controls[at].0.as_mut_ptr().cast();
                    header.msg_hdr.msg_controllen = size_of::<Control>();
                }
                header
            })
            .collect();
        let mut sent = 0;
        while sent < headers.len() {
            let rest = &mut headers[sent..];
            // SAFETY: every header of `rest` points into `names`, `vectors`, `controls` and the arena, all alive here.
            let count = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    rest.as_mut_ptr(),
                    rest.len().min(MESSAGES) as u32,
                    0,
                )
            };
            sent += checked(count)? as usize;
        }
        self.arena.clear();
        self.runs.clear();
        Ok(())
    }
}

fn raw_address(address: SocketAddrV4) -> libc::sockaddr_in {
    // SAFETY: an all-zero sockaddr_in is a valid value.
    let mut raw: libc::sockaddr_in = unsafe { zeroed() };
    raw.sin_family = libc::AF_INET as libc::sa_family_t;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from(*address.ip()).to_be();
    raw
}

/// The control message (`UDP_SEGMENT`) that asks the kernel to cut a message into datagrams of `size` bytes.
fn segment_control(size: u16) -> Control {
    let mut control = Control([0; 24]);
    // SAFETY: CMSG_LEN only computes; a u16 fits the 24 bytes (16 of header, 8 of aligned data).
    let length = unsafe { libc::CMSG_LEN(2) } as usize;
    control.0[..8].copy_from_slice(&length.to_ne_bytes());
    control.0[8..12].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
    control.0[12..16].copy_from_slice(&libc::UDP_SEGMENT.to_ne_bytes());
    control.0[16..18].copy_from_slice(&size.to_ne_bytes());
    control
}
