//! Between the kernel's socket addresses and Rust's; IPv4-mapped IPv6 addresses are always shown as IPv4.

use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// How a socket names its peers: an IPv6 socket wants IPv4 addresses mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// `address` in the kernel's form for a socket of `family`, and how many bytes of it count.
pub(crate) fn to_kernel(
    address: SocketAddr,
    family: Family,
) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain data for which all zeroes is a valid value.
    let mut storage: libc::sockaddr_storage = unsafe { zeroed() };
    let length = match (family, address.ip()) {
        (Family::V4, IpAddr::V4(ip)) => {
            let v4 = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: address.port().to_be(),
                sin_addr: in_addr(ip),
                sin_zero: [0; 8],
            };
            // SAFETY: sockaddr_storage is defined to hold and be aligned for every socket address.
            unsafe { (&raw mut storage).cast::<libc::sockaddr_in>().write(v4) };
            size_of::<libc::sockaddr_in>()
        }
        (_, ip) => {
            let (ip, scope) = match (ip, address) {
                (IpAddr::V4(ip), _) => (ip.to_ipv6_mapped(), 0),
                (IpAddr::V6(ip), SocketAddr::V6(whole)) => (ip, whole.scope_id()),
                (IpAddr::V6(ip), SocketAddr::V4(_)) => (ip, 0),
            };
            let v6 = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: address.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr {
                    s6_addr: ip.octets(),
                },
                sin6_scope_id: scope,
            };
            // SAFETY: as above.
            unsafe { (&raw mut storage).cast::<libc::sockaddr_in6>().write(v6) };
            size_of::<libc::sockaddr_in6>()
        }
    };
    (storage, length as libc::socklen_t)
}

/// The address the kernel has written, or `None` for a family that is not IP.
pub(crate) fn from_kernel(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this storage holds a sockaddr_in.
            let v4 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::from((ip, u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that this storage holds a sockaddr_in6.
            let v6 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            Some(match ip.to_ipv4_mapped() {
                Some(mapped) => SocketAddr::from((mapped, port)),
                None => SocketAddr::V6(SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id)),
            })
        }
        _ => None,
    }
}

pub(crate) fn in_addr(ip: Ipv4Addr) -> libc::in_addr {
    libc::in_addr {
        s_addr: u32::from_ne_bytes(ip.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_peer_of_an_ipv6_socket_comes_back_as_ipv4() {
        let address: SocketAddr = "192.0.2.7:4000".parse().unwrap();
        let (mapped, _) = to_kernel(address, Family::V6);
        assert_eq!(i32::from(mapped.ss_family), libc::AF_INET6);
        assert_eq!(from_kernel(&mapped), Some(address));
    }

    #[test]
    fn every_address_survives_the_way_to_the_kernel_and_back() {
        for (text, family) in [
            ("127.0.0.1:1", Family::V4),
            ("[::1]:65535", Family::V6),
            ("[2001:db8::5]:7882", Family::V6),
        ] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(from_kernel(&to_kernel(address, family).0), Some(address));
        }
    }
}
