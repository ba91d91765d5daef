//! Finds whom a STUN binding request is for (RFC 8489 USERNAME), so that strangers cost one map lookup; checking it is left to the ICE agent.

use crate::reader::Reader;

const BINDING_REQUEST: u16 = 0x0001;
const MAGIC_COOKIE: u32 = 0x2112_A442;
const USERNAME: u16 = 0x0006;
/// ICE fragments are 4 to 256 characters (RFC 8839 section 5.4), so a username is at most 513.
const USERNAME_LIMIT: usize = 513;
/// A real request has about eight attributes; a thousand empty ones are an attack.
const ATTRIBUTE_LIMIT: usize = 32;

/// Why a datagram names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StunError {
    #[error("not a STUN binding request")]
    NotARequest,
    #[error("the message is cut short or its lengths disagree")]
    Truncated,
    #[error("the request has no usable USERNAME")]
    NoUsername,
}

/// The two ICE fragments of a binding request, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Username<'a> {
    /// The fragment of the agent that the request goes to: ours.
    pub local: &'a [u8],
    /// The fragment of the agent that sent it.
    pub remote: &'a [u8],
}

/// The USERNAME of a STUN binding request. The message is *not* authenticated here.
pub fn username(datagram: &[u8]) -> Result<Username<'_>, StunError> {
    let mut reader = Reader::new(datagram);
    let kind = reader.u16().ok_or(StunError::Truncated)?;
    let length = reader.u16().ok_or(StunError::Truncated)?;
    let cookie = reader.u32().ok_or(StunError::Truncated)?;
    if kind != BINDING_REQUEST || cookie != MAGIC_COOKIE {
        return Err(StunError::NotARequest);
    }
    reader.take(12).ok_or(StunError::Truncated)?;
    if reader.rest().len() != usize::from(length) || length % 4 != 0 {
        return Err(StunError::Truncated);
    }
    for _ in 0..ATTRIBUTE_LIMIT {
        let Some(attribute) = reader.u16() else {
            return Err(StunError::NoUsername);
        };
        let length = usize::from(reader.u16().ok_or(StunError::Truncated)?);
        let value = reader.take(length).ok_or(StunError::Truncated)?;
        if attribute == USERNAME {
            return split(value);
        }
        reader
            .take(length.wrapping_neg() % 4)
            .ok_or(StunError::Truncated)?;
    }
    Err(StunError::NoUsername)
}

fn split(value: &[u8]) -> Result<Username<'_>, StunError> {
    if value.len() > USERNAME_LIMIT {
        return Err(StunError::NoUsername);
    }
    let mut parts = value.splitn(2, |byte| *byte == b':');
    match (parts.next(), parts.next()) {
        (Some(local), Some(remote)) if !local.is_empty() && !remote.is_empty() => {
            Ok(Username { local, remote })
        }
        _ => Err(StunError::NoUsername),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = vec![0, 1];
        message.extend((body.len() as u16).to_be_bytes());
        message.extend(MAGIC_COOKIE.to_be_bytes());
        message.extend([7; 12]);
        message.extend(body);
        message
    }

    #[test]
    fn the_username_is_found_behind_other_attributes() {
        let message = request(&[
            (0x0024, &[0, 0, 0, 1]),
            (0x8022, b"odd"),
            (USERNAME, b"ours:theirs"),
        ]);

        assert_eq!(
            username(&message),
            Ok(Username {
                local: b"ours",
                remote: b"theirs"
            })
        );
    }

    #[test]
    fn a_username_without_both_fragments_names_nobody() {
        for value in [&b"ours"[..], b":theirs", b"ours:", b"", &[b'a'; 600]] {
            assert_eq!(
                username(&request(&[(USERNAME, value)])),
                Err(StunError::NoUsername)
            );
        }
    }

    #[test]
    fn responses_and_old_stun_are_not_requests() {
        let mut response = request(&[(USERNAME, b"a:b")]);
        response[0] = 1;
        let mut old = request(&[(USERNAME, b"a:b")]);
        old[4] = 0;

        assert_eq!(username(&response), Err(StunError::NotARequest));
        assert_eq!(username(&old), Err(StunError::NotARequest));
    }

    #[test]
    fn a_flood_of_empty_attributes_is_given_up() {
        let many: Vec<(u16, &[u8])> = (0..200)
            .map(|_| (0x8022, &b""[..]))
            .chain([(USERNAME, &b"a:b"[..])])
            .collect();

        assert_eq!(username(&request(&many)), Err(StunError::NoUsername));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_username_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = username(&bytes);
        }

        #[test]
        fn a_request_cut_anywhere_is_an_error(cut in 0_usize..40) {
            let message = request(&[(USERNAME, b"ours:theirs")]);
            let kept = cut.min(message.len() - 1);
            prop_assert!(username(&message[..kept]).is_err());
        }
    }
}
