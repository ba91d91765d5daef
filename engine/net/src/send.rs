//! Sends what the arena holds: whole runs in one message each where the kernel can cut them (`UDP_SEGMENT`), and as many messages
//! as possible in one system call.
//!
//! A destination whose device can not do it (EIO, EINVAL) gets its datagrams one by one from then on; after a few of those
//! nobody is tried any more.

use std::collections::HashSet;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, SocketAddr};

use huisclos_sfu::{Arena, Outlet, Path};

use crate::sockaddr;
use crate::socket::MediaSocket;

/// The kernel takes at most this many messages a call (UIO_MAXIOV).
const BATCH: usize = 1024;
/// Room for one packet-info and one segment-size message.
const CONTROL: usize = 80;
/// So many destinations without segmentation, and it is the host that can not do it.
const MAX_REFUSALS: usize = 8;
/// How long a full socket buffer is waited for before what is left is dropped: late media is worth less than a live loop.
const FULL_WAIT_MS: libc::c_int = 2;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// What sending has cost and lost so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendCounters {
    pub(crate) calls: u64,
    pub(crate) messages: u64,
    pub(crate) errors: u64,
}

pub(crate) struct Sender {
    sockets: Vec<MediaSocket>,
    segmentation: bool,
    refused: HashSet<SocketAddr>,
    messages: Vec<libc::mmsghdr>,
    vectors: Vec<libc::iovec>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    pieces: Vec<Piece>,
    pub(crate) counters: SendCounters,
}

// SAFETY: the raw pointers in `messages` and `vectors` are only used inside `send_batch`, which writes them before; between
// calls they are never read.
unsafe impl Send for Sender {}

/// One message: a run or a part of one.
#[derive(Clone, Copy)]
struct Piece {
    path: Path,
    start: usize,
    end: usize,
    segment: usize,
    socket: usize,
}

impl Sender {
    pub(crate) fn new(sockets: Vec<MediaSocket>, segmentation: bool) -> Self {
        let segmentation = segmentation && sockets.iter().all(MediaSocket::can_segment);
        Sender {
            sockets,
            segmentation,
            refused: HashSet::new(),
            messages: Vec::with_capacity(BATCH),
            vectors: Vec::with_capacity(BATCH),
            names: Vec::with_capacity(BATCH),
            controls: Vec::with_capacity(BATCH),
            pieces: Vec::new(),
            counters: SendCounters::default(),
        }
    }

    pub(crate) fn sockets(&self) -> &[MediaSocket] {
        &self.sockets
    }

    pub(crate) fn segmentation(&self) -> bool {
        self.segmentation
    }

    fn socket_for(&self, path: &Path) -> usize {
        let serves = |socket: &MediaSocket| match path.local {
            Some(local) => socket.serves(local.ip()),
            None => socket.bound.is_ipv6() || path.remote.is_ipv4(),
        };
        self.sockets.iter().position(serves).unwrap_or(0)
    }

    fn cut(&mut self, arena: &Arena) {
        self.pieces.clear();
        for run in arena.runs() {
            let socket = self.socket_for(&run.path);
            let whole = Piece {
                path: run.path,
                start: run.bytes.start,
                end: run.bytes.end,
                segment: run.segment,
                socket,
            };
            if run.segments() == 1
                || (self.segmentation && !self.refused.contains(&run.path.remote))
            {
                self.pieces.push(whole);
            } else {
                split(&mut self.pieces, whole);
            }
        }
    }

    fn send_all(&mut self, bytes: &[u8]) {
        let mut next = 0;
        let mut waited = false;
        while let Some(first) = self.pieces.get(next) {
            let socket = first.socket;
            let same = self.pieces[next..]
                .iter()
                .take(BATCH)
                .take_while(|piece| piece.socket == socket)
                .count();
            match self.send_batch(socket, next..next + same, bytes) {
                Ok(sent) => {
                    next += sent.max(1);
                    waited = false;
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN | libc::ENOBUFS) => {
                        if waited || !self.wait_writable(socket) {
                            self.counters.errors += (self.pieces.len() - next) as u64;
                            return;
                        }
                        waited = true;
                    }
                    Some(libc::EIO | libc::EINVAL) if self.is_segmented(next) => {
                        self.give_up_segmenting(next)
                    }
                    _ => {
                        // This one destination can not be reached (no route, forbidden): the others can.
                        self.counters.errors += 1;
                        next += 1;
                    }
                },
            }
        }
    }

    fn is_segmented(&self, index: usize) -> bool {
        self.pieces
            .get(index)
            .is_some_and(|piece| piece.end - piece.start > piece.segment)
    }

    /// The kernel or the device refused to cut: this run again, and this destination from now on, one by one.
    fn give_up_segmenting(&mut self, index: usize) {
        let piece = self.pieces[index];
        self.refused.insert(piece.path.remote);
        if self.refused.len() >= MAX_REFUSALS {
            self.segmentation = false;
            self.refused.clear();
        }
        let mut singles = Vec::new();
        for later in self.pieces.drain(index..) {
            if !self.segmentation || later.path.remote == piece.path.remote {
                split(&mut singles, later);
            } else {
                singles.push(later);
            }
        }
        self.pieces.append(&mut singles);
    }

    /// Sends `range` of the pieces, as many as the kernel takes; an error is about the first of them.
    fn send_batch(
        &mut self,
        socket: usize,
        range: std::ops::Range<usize>,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let Sender {
            sockets,
            messages,
            vectors,
            names,
            controls,
            pieces,
            counters,
            ..
        } = self;
        let socket = &sockets[socket];
        let pieces = &pieces[range];
        messages.clear();
        vectors.clear();
        names.clear();
        controls.clear();
        for piece in pieces {
            let part = &bytes[piece.start..piece.end];
            // The kernel does not write through this pointer.
            vectors.push(libc::iovec {
                iov_base: part.as_ptr().cast_mut().cast(),
                iov_len: part.len(),
            });
            let (name, name_length) = sockaddr::to_kernel(piece.path.remote, socket.family);
            names.push(name);
            controls.push(Control([0; CONTROL]));
            // SAFETY: plain data for which zeroes are valid.
            let mut message: libc::mmsghdr = unsafe { zeroed() };
            message.msg_hdr.msg_namelen = name_length;
            message.msg_hdr.msg_iovlen = 1;
            messages.push(message);
        }
        // The vectors are filled: their elements do not move any more.
        for (index, (message, piece)) in messages.iter_mut().zip(pieces).enumerate() {
            let header = &mut message.msg_hdr;
            header.msg_name = (&raw mut names[index]).cast();
            header.msg_iov = &raw mut vectors[index];
            header.msg_control = controls[index].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL as _;
            let used = write_control(header, socket, piece);
            header.msg_controllen = used as _;
            if used == 0 {
                header.msg_control = std::ptr::null_mut();
            }
        }
        counters.calls += 1;
        // SAFETY: every message points to bytes, an address and a control area of the sizes told, all alive during the call.
        let sent = unsafe {
            libc::sendmmsg(
                socket.raw(),
                messages.as_mut_ptr(),
                messages.len() as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        counters.messages += sent as u64;
        Ok(sent as usize)
    }

    fn wait_writable(&self, socket: usize) -> bool {
        let mut wait = libc::pollfd {
            fd: self.sockets[socket].raw(),
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: one pollfd, alive during the call.
        unsafe { libc::poll(&raw mut wait, 1, FULL_WAIT_MS) > 0 }
    }
}

impl Outlet for Sender {
    fn flush(&mut self, arena: &mut Arena) {
        if arena.is_empty() {
            return;
        }
        self.cut(arena);
        self.send_all(arena.bytes());
        arena.clear();
    }
}

fn split(pieces: &mut Vec<Piece>, run: Piece) {
    let mut start = run.start;
    while start < run.end {
        let end = run.end.min(start + run.segment.max(1));
        pieces.push(Piece { start, end, ..run });
        start = end;
    }
}

/// Writes which address to send from and where to cut; returns the length used. The control area must be zeroed.
fn write_control(header: &mut libc::msghdr, socket: &MediaSocket, piece: &Piece) -> usize {
    let mut used = 0;
    // SAFETY: the area is CONTROL bytes, aligned and zeroed; CMSG_FIRSTHDR gives its front.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    if piece.end - piece.start > piece.segment {
        // SAFETY: the area has room for both messages that this function writes.
        used += unsafe {
            put(
                message,
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                piece.segment as u16,
            )
        };
        // SAFETY: `message` was written whole just now, so the next header is found by its length.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    let local = piece
        .path
        .local
        .filter(|_| socket.is_wildcard())
        .map(|local| local.ip());
    if message.is_null() {
        return used;
    }
    match (local, socket.bound.is_ipv6()) {
        (Some(IpAddr::V4(ip)), false) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: sockaddr::in_addr(ip),
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            // SAFETY: as above.
            used += unsafe { put(message, libc::IPPROTO_IP, libc::IP_PKTINFO, info) };
        }
        (Some(ip), true) => {
            let ip = match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            let info = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr {
                    s6_addr: ip.octets(),
                },
                ipi6_ifindex: 0,
            };
            // SAFETY: as above.
            used += unsafe { put(message, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info) };
        }
        _ => {}
    }
    used
}

/// Writes one control message and returns the room it takes.
///
/// # Safety
/// `message` must be aligned and have room for a header and a `T`.
unsafe fn put<T>(
    message: *mut libc::cmsghdr,
    level: libc::c_int,
    kind: libc::c_int,
    value: T,
) -> usize {
    let size = size_of::<T>() as libc::c_uint;
    // SAFETY: the caller promises the room; CMSG_DATA lies inside it, and the write is told to be unaligned.
    unsafe {
        (*message).cmsg_level = level;
        (*message).cmsg_type = kind;
        (*message).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(message).cast::<T>().write_unaligned(value);
        libc::CMSG_SPACE(size) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;
    use crate::socket;

    fn receiver() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn lengths(socket: &UdpSocket, count: usize) -> Vec<usize> {
        (0..count)
            .map(|_| socket.recv(&mut [0; 2000]).unwrap())
            .collect()
    }

    #[test]
    fn a_run_arrives_as_single_datagrams_with_and_without_segmentation() {
        for segmentation in [true, false] {
            let (socket, remote) = receiver();
            let mut sender = Sender::new(socket::open(&[], 0).unwrap(), segmentation);
            let mut arena = Arena::default();
            for size in [500, 500, 500, 200] {
                arena.push(
                    Path {
                        local: None,
                        remote,
                    },
                    &vec![1; size],
                );
            }
            sender.flush(&mut arena);
            assert_eq!(lengths(&socket, 4), [500, 500, 500, 200]);
            assert!(arena.is_empty());
        }
    }

    #[test]
    fn replies_leave_from_the_address_that_was_asked_for() {
        let (socket, remote) = receiver();
        let mut sender = Sender::new(socket::open(&[], 0).unwrap(), true);
        let port = sender.sockets()[0].bound.port();
        let local = SocketAddr::from(([127, 0, 0, 2], port));
        let mut arena = Arena::default();
        arena.push(
            Path {
                local: Some(local),
                remote,
            },
            b"hello",
        );
        sender.flush(&mut arena);
        assert_eq!(socket.recv_from(&mut [0; 100]).unwrap().1, local);
    }

    #[test]
    fn an_unreachable_destination_does_not_keep_others_from_theirs() {
        let (socket, remote) = receiver();
        let mut sender = Sender::new(
            socket::open(&[IpAddr::from([127, 0, 0, 1])], 0).unwrap(),
            true,
        );
        let mut arena = Arena::default();
        // A loopback address can not send to the outside.
        arena.push(
            Path {
                local: None,
                remote: "192.0.2.1:9".parse().unwrap(),
            },
            b"lost",
        );
        arena.push(
            Path {
                local: None,
                remote,
            },
            b"found",
        );
        sender.flush(&mut arena);
        assert_eq!(lengths(&socket, 1), [5]);
        assert_eq!(sender.counters.errors, 1);
    }

    #[test]
    fn a_run_that_the_kernel_will_not_cut_arrives_one_by_one_and_so_does_the_next() {
        let (socket, remote) = receiver();
        let mut sender = Sender::new(socket::open(&[], 0).unwrap(), true);
        assert!(sender.segmentation(), "this kernel can not segment at all");
        let bytes = [7; 4000];
        // More segments than any kernel takes in one message.
        let path = Path {
            local: None,
            remote,
        };
        sender.pieces = vec![Piece {
            path,
            start: 0,
            end: bytes.len(),
            segment: 10,
            socket: 0,
        }];
        sender.send_all(&bytes);
        assert_eq!(lengths(&socket, 200), [10; 200]);
        assert_eq!(sender.counters.errors, 0);

        let mut arena = Arena::default();
        arena.push(path, &[1; 20]);
        arena.push(path, &[2; 20]);
        let messages = sender.counters.messages;
        sender.flush(&mut arena);
        assert_eq!(sender.counters.messages - messages, 2);
    }
}
