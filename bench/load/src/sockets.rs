//! The kernel's side: readiness of many sockets, batches of datagrams in, CPU time, cores.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Datagrams taken from a socket at once.
const BATCH: usize = 32;
/// Bytes kept of a datagram: more than any path MTU here.
const DATAGRAM: usize = 2_048;

/// Which sockets have something to read.
pub(crate) struct Readiness {
    epoll: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Readiness {
    pub(crate) fn new() -> io::Result<Readiness> {
        // SAFETY: no pointers; a fresh descriptor is owned by nobody else.
        let epoll = unsafe {
            let fd = checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?;
            OwnedFd::from_raw_fd(fd)
        };
        let idle = libc::epoll_event { events: 0, u64: 0 };
        Ok(Readiness {
            epoll,
            ready: vec![idle; 256],
        })
    }

    /// Report `token` whenever `fd` can be read.
    pub(crate) fn watch(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: token,
        };
        // SAFETY: `event` lives through the call, which copies it.
        unsafe {
            checked(libc::epoll_ctl(
                self.epoll.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                fd,
                &raw mut event,
            ))?;
        }
        Ok(())
    }

    /// The tokens of the sockets that can be read, after at most `limit` rounded up to a millisecond.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<impl Iterator<Item = u64>> {
        let millis = limit.as_micros().div_ceil(1_000).min(1_000) as i32;
        // SAFETY: the kernel writes at most `ready.len()` events into `ready`.
        let count = unsafe {
            libc::epoll_wait(
                self.epoll.as_raw_fd(),
                self.ready.as_mut_ptr(),
                self.ready.len() as i32,
                millis,
            )
        };
        let count = match checked(count) {
            Ok(count) => count as usize,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        Ok(self.ready[..count].iter().map(|event| event.u64))
    }
}

/// Room for the control message that carries a time stamp: 16 bytes of header, 16 of `timespec`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Stamp([u8; 32]);

/// Room for one `recvmmsg`.
pub(crate) struct Batch {
    bytes: Vec<[u8; DATAGRAM]>,
    sources: Vec<libc::sockaddr_in>,
    stamps: Vec<Stamp>,
}

/// A datagram and when the kernel had it, which is before this thread came to read it.
pub(crate) struct Datagram<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) bytes: &'a [u8],
    pub(crate) arrived: Instant,
}

impl Batch {
    pub(crate) fn new() -> Batch {
        Batch {
            bytes: vec![[0; DATAGRAM]; BATCH],
            // SAFETY: an all-zero sockaddr_in is a valid value.
            sources: vec![unsafe { zeroed() }; BATCH],
            stamps: vec![Stamp([0; 32]); BATCH],
        }
    }

    /// What waits on `socket`, up to a batch. Nothing waiting is an empty batch.
    pub(crate) fn receive<'a>(
        &'a mut self,
        socket: &UdpSocket,
    ) -> io::Result<impl Iterator<Item = Datagram<'a>> + use<'a>> {
        // SAFETY: all-zero headers are valid and filled in below.
        let (mut headers, mut vectors): ([libc::mmsghdr; BATCH], [libc::iovec; BATCH]) =
            unsafe { (zeroed(), zeroed()) };
        for at in 0..BATCH {
            vectors[at].iov_base = self.bytes[at].as_mut_ptr().cast();
            vectors[at].iov_len = DATAGRAM;
            let header = &mut headers[at].msg_hdr;
            header.msg_name = (&raw mut self.sources[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
            header.msg_iov = &raw mut vectors[at];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.stamps[at]).cast();
            header.msg_controllen = size_of::<Stamp>();
        }
        // SAFETY: every header points into `bytes`, `sources`, `stamps` and `vectors`, which outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let count = match checked(count) {
            Ok(count) => count as usize,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            // The server has gone and its port says so; the join or the window will show it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => 0,
            Err(error) => return Err(error),
        };
        let (now, clock) = (Instant::now(), since_1970(SystemTime::now()));
        let stamped: [bool; BATCH] =
            std::array::from_fn(|at| headers[at].msg_hdr.msg_controllen > 0);
        let lengths: [usize; BATCH] = std::array::from_fn(|at| headers[at].msg_len as usize);
        let batch = &*self;
        Ok((0..count).map(move |at| {
            let address = Ipv4Addr::from(u32::from_be(batch.sources[at].sin_addr.s_addr));
            let port = u16::from_be(batch.sources[at].sin_port);
            let waited = if stamped[at] {
                clock.saturating_sub(batch.stamps[at].time())
            } else {
                Duration::ZERO
            };
            Datagram {
                source: SocketAddr::V4(SocketAddrV4::new(address, port)),
                bytes: &batch.bytes[at][..lengths[at].min(DATAGRAM)],
                arrived: now.checked_sub(waited).unwrap_or(now),
            }
        }))
    }
}

impl Stamp {
    /// Since 1970, as SCM_TIMESTAMPNS has it: seconds and nanoseconds after the control header.
    fn time(&self) -> Duration {
        let field = |at: usize| i64::from_ne_bytes(std::array::from_fn(|byte| self.0[at + byte]));
        Duration::new(field(16) as u64, field(24) as u32)
    }
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A non-blocking UDP socket on 127.0.0.1 whose receive buffer does not overflow while this thread looks elsewhere, and
/// whose datagrams the kernel stamps as they arrive.
pub(crate) fn loopback_socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    // FORCE goes over `net.core.rmem_max` and needs root; else as much as the system allows.
    for (option, value) in [
        (libc::SO_RCVBUF, 1 << 20),
        (libc::SO_RCVBUFFORCE, 1 << 20),
        (libc::SO_TIMESTAMPNS, 1),
    ] {
        let value: libc::c_int = value;
        // SAFETY: the kernel reads one int.
        unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as u32,
            );
        }
    }
    Ok(socket)
}

/// Datagrams the kernel threw away because this socket's buffer was full: the generator's fault, not the server's.
pub(crate) fn dropped(socket: &UdpSocket) -> u64 {
    const DROPS: usize = 8; // SK_MEMINFO_DROPS
    let mut info = [0u32; DROPS + 1];
    let mut length = size_of::<[u32; DROPS + 1]>() as u32;
    // SAFETY: the kernel writes at most `length` bytes into `info`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        u64::from(info[DROPS])
    } else {
        0
    }
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu() -> Duration {
    // SAFETY: the kernel fills in `time`.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
        time
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Keep the calling thread on `core`.
pub(crate) fn pin_thread(core: usize) -> io::Result<()> {
    // SAFETY: `set` is a plain bit set; CPU_SET checks its bounds; the kernel only reads it.
    unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        libc::CPU_SET(core, &mut set);
        checked(libc::sched_setaffinity(
            0,
            size_of::<libc::cpu_set_t>(),
            &raw const set,
        ))?;
    }
    Ok(())
}

/// The system call's result, or the error it left.
pub(crate) fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
