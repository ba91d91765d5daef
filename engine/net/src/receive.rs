//! Receives up to 64 datagrams in one system call, each with the address it came to.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::sockaddr;
use crate::socket::MediaSocket;

const BATCH: usize = 64;
/// Above any path MTU; what is longer is cut and will not authenticate.
const DATAGRAM: usize = 2048;
/// Fits the larger of the two packet-info messages with room.
const CONTROL: usize = 64;

/// The kernel writes control messages here, which must be aligned as their header.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

pub(crate) struct Receiver {
    bytes: Vec<u8>,
    sources: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    lengths: [usize; BATCH],
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Receiver {
            bytes: vec![0; BATCH * DATAGRAM],
            // SAFETY: plain data for which zeroes are valid.
            sources: vec![unsafe { zeroed() }; BATCH],
            controls: vec![Control([0; CONTROL]); BATCH],
            lengths: [0; BATCH],
        }
    }

    /// Hands each datagram that waits, at most 64, to `take` as (source, our address, bytes). Returns whether more may wait.
    pub(crate) fn receive(
        &mut self,
        socket: &MediaSocket,
        mut take: impl FnMut(SocketAddr, SocketAddr, &mut [u8]),
    ) -> io::Result<bool> {
        // SAFETY: plain data for which zeroes are valid.
        let mut vectors: [libc::iovec; BATCH] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let parts = self
            .bytes
            .chunks_exact_mut(DATAGRAM)
            .zip(&mut self.sources)
            .zip(&mut self.controls);
        for (((part, source), control), (vector, message)) in
            parts.zip(vectors.iter_mut().zip(&mut messages))
        {
            vector.iov_base = part.as_mut_ptr().cast();
            vector.iov_len = DATAGRAM;
            message.msg_hdr.msg_name = (&raw mut *source).cast();
            message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            message.msg_hdr.msg_iov = &raw mut *vector;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = CONTROL as _;
        }
        // SAFETY: each message points to a buffer, an address and a control area of the sizes told, all alive and written
        // by nobody else during the call.
        let count = unsafe {
            libc::recvmmsg(
                socket.raw(),
                messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(false),
                _ => Err(error),
            };
        }
        let count = count as usize;
        let mut locals = [socket.bound; BATCH];
        for ((message, local), length) in messages
            .iter()
            .zip(&mut locals)
            .zip(&mut self.lengths)
            .take(count)
        {
            *length = message.msg_len as usize;
            if socket.is_wildcard()
                && let Some(ip) = destination(&message.msg_hdr)
            {
                local.set_ip(ip);
            }
        }
        let parts = self
            .bytes
            .chunks_exact_mut(DATAGRAM)
            .zip(&self.sources)
            .zip(&self.lengths)
            .zip(&locals);
        for (((part, source), length), local) in parts.take(count) {
            if let (Some(source), Some(datagram)) =
                (sockaddr::from_kernel(source), part.get_mut(..*length))
            {
                take(source, *local, datagram);
            }
        }
        Ok(count == BATCH)
    }
}

/// The address a datagram was sent to, from its control messages.
fn destination(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: recvmmsg has filled this header; its control area is alive.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR give null or a whole header inside the control area.
        let (level, kind) = unsafe { ((*message).cmsg_level, (*message).cmsg_type) };
        if (level, kind) == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) {
            // SAFETY: this kind carries an in6_pktinfo; it may be unaligned.
            let info: libc::in6_pktinfo = unsafe {
                libc::CMSG_DATA(message)
                    .cast::<libc::in6_pktinfo>()
                    .read_unaligned()
            };
            return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).to_canonical());
        }
        if (level, kind) == (libc::IPPROTO_IP, libc::IP_PKTINFO) {
            // SAFETY: this kind carries an in_pktinfo; it may be unaligned.
            let info: libc::in_pktinfo = unsafe {
                libc::CMSG_DATA(message)
                    .cast::<libc::in_pktinfo>()
                    .read_unaligned()
            };
            return Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
        }
        // SAFETY: as for CMSG_FIRSTHDR; `message` is one of its headers.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    None
}
