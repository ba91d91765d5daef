//! Opens the media sockets: one for all addresses, or one per address asked for, all on one port.

use std::io;
use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::sockaddr::{self, Family};

/// A burst of a few hundred subscribers must fit while the other side is not scheduled. The kernel caps it at
/// `net.core.rmem_max` and `wmem_max`.
const BUFFER_BYTES: libc::c_int = 8 << 20;

pub(crate) struct MediaSocket {
    fd: OwnedFd,
    pub(crate) family: Family,
    /// Where it is bound; unspecified when it takes what comes to any address.
    pub(crate) bound: SocketAddr,
}

impl MediaSocket {
    pub(crate) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    pub(crate) fn is_wildcard(&self) -> bool {
        self.bound.ip().is_unspecified()
    }

    /// Whether datagrams from our address `local` leave here.
    pub(crate) fn serves(&self, local: IpAddr) -> bool {
        self.is_wildcard() || self.bound.ip() == local
    }

    fn open(address: SocketAddr) -> io::Result<Self> {
        let (family, domain) = match address {
            SocketAddr::V4(_) => (Family::V4, libc::AF_INET),
            SocketAddr::V6(_) => (Family::V6, libc::AF_INET6),
        };
        let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        // SAFETY: no pointers; the result is checked before use.
        let raw = unsafe { libc::socket(domain, kind, 0) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just given us this descriptor and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        let mut socket = MediaSocket {
            fd,
            family,
            bound: address,
        };
        // A full buffer loses packets, a small one loses them sooner: not a reason to fail.
        let _ = socket.set(libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER_BYTES);
        let _ = socket.set(libc::SOL_SOCKET, libc::SO_SNDBUF, BUFFER_BYTES);
        match family {
            Family::V4 => socket.set(libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?,
            Family::V6 => {
                let only_v6 = libc::c_int::from(!socket.is_wildcard());
                socket.set(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, only_v6)?;
                socket.set(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
            }
        }
        let (storage, length) = sockaddr::to_kernel(address, family);
        // SAFETY: the address is valid for `length` bytes and outlives the call.
        if unsafe { libc::bind(raw, (&raw const storage).cast(), length) } != 0 {
            return Err(io::Error::last_os_error());
        }
        socket.bound = socket.local_address()?;
        Ok(socket)
    }

    fn set(&self, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the value outlives the call and has the size that is told.
        let result =
            unsafe { libc::setsockopt(self.raw(), level, option, (&raw const value).cast(), size) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        // SAFETY: plain data for which zeroes are valid.
        let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
        let mut length = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        // SAFETY: both outlive the call and `length` tells the true size.
        let result =
            unsafe { libc::getsockname(self.raw(), (&raw mut storage).cast(), &raw mut length) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        // `::` must stay IPv6 here, so the mapped form is of no concern: it never is a bound address.
        sockaddr::from_kernel(&storage)
            .ok_or_else(|| io::Error::other("the socket has no IP address"))
    }

    /// Whether the kernel knows `UDP_SEGMENT` (Linux 4.18).
    pub(crate) fn can_segment(&self) -> bool {
        let mut value: libc::c_int = 0;
        let mut size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: both outlive the call and `size` tells the true size.
        let result = unsafe {
            libc::getsockopt(
                self.raw(),
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw mut value).cast(),
                &raw mut size,
            )
        };
        result == 0
    }
}

/// Opens `addresses` (all, when empty) on `port`; port 0 takes any that is free, the same for all.
pub(crate) fn open(addresses: &[IpAddr], port: u16) -> io::Result<Vec<MediaSocket>> {
    if addresses.is_empty() {
        let any = |ip: IpAddr| MediaSocket::open(SocketAddr::new(ip, port));
        // One socket takes both families; a host without IPv6 refuses it.
        return match any(Ipv6Addr::UNSPECIFIED.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EADDRINUSE) => {
                Ok(vec![any(Ipv4Addr::UNSPECIFIED.into())?])
            }
            opened => Ok(vec![opened?]),
        };
    }
    let mut sockets: Vec<MediaSocket> = Vec::new();
    for ip in addresses {
        let port = sockets.first().map_or(port, |first| first.bound.port());
        sockets.push(MediaSocket::open(SocketAddr::new(*ip, port))?);
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_asked_for_share_one_free_port() {
        let ips = [Ipv4Addr::LOCALHOST.into(), IpAddr::from([127, 0, 0, 2])];
        let sockets = open(&ips, 0).unwrap();
        assert_ne!(sockets[0].bound.port(), 0);
        assert_eq!(sockets[0].bound.port(), sockets[1].bound.port());
        assert!(sockets[1].serves(ips[1]) && !sockets[1].serves(ips[0]));
    }

    #[test]
    fn a_taken_port_is_an_error_not_another_port() {
        let first = open(&[], 0).unwrap();
        let again = open(&[], first[0].bound.port());
        assert_eq!(again.err().unwrap().raw_os_error(), Some(libc::EADDRINUSE));
    }
}
