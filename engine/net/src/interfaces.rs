//! The host's own addresses, for ICE host candidates; whether they are reachable from outside is not known here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of all interfaces that are up, without IPv6 link-local ones (they would need a scope the other side cannot know).
/// Loopback addresses only when asked for.
pub(crate) fn host_addresses(loopback: bool) -> io::Result<Vec<IpAddr>> {
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: getifaddrs writes one pointer to `list`, freed below.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: `entry` is a node of the list that getifaddrs made; it stays valid until freeifaddrs.
        let node = unsafe { &*entry };
        if node.ifa_flags & libc::IFF_UP as u32 != 0
            && let Some(address) = address_of(node.ifa_addr)
            && (loopback || !address.is_loopback())
            && !is_link_local(address)
            && !found.contains(&address)
        {
            found.push(address);
        }
        entry = node.ifa_next;
    }
    // SAFETY: `list` came from getifaddrs and is freed once; nothing borrowed from it is left.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

fn address_of(sockaddr: *const libc::sockaddr) -> Option<IpAddr> {
    if sockaddr.is_null() {
        return None;
    }
    // SAFETY: not null, and the family field is common to all socket addresses; the casts below follow what it says.
    unsafe {
        match i32::from((*sockaddr).sa_family) {
            libc::AF_INET => {
                let v4 = &*sockaddr.cast::<libc::sockaddr_in>();
                Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))))
            }
            libc::AF_INET6 => {
                let v6 = &*sockaddr.cast::<libc::sockaddr_in6>();
                Some(IpAddr::V6(Ipv6Addr::from(v6.sin6_addr.s6_addr)))
            }
            _ => None,
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there_only_when_asked_for() {
        let with = host_addresses(true).unwrap();
        let without = host_addresses(false).unwrap();
        assert!(with.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(without.iter().all(|address| !address.is_loopback()));
    }
}
