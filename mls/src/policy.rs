//! The policy of a room as its host signed it, and the certificates with which the host admits seats: how they are built, read and
//! verified. Whether a change to a group obeys them is decided in `rules`.

use openmls_rust_crypto::RustCrypto;

use crate::cbor::{self, Value, numbered};
use crate::derive::{
    FINGERPRINT, KEY, LinkKeys, RoomId, SIGNATURE, fingerprint, opens_about, signed_by,
};
use crate::error::{Code, Outcome, Refusal, refuse};

/// Clocks of browsers differ: what ran out less than this many seconds ago, or starts that soon, still counts.
pub const CLOCK_LEEWAY_S: u64 = 300;

/// Most bytes of one of the two sealed fields.
pub const LARGEST_SEALED: usize = 8 * 1024;
/// The keys of the two sealed fields, which a policy may have or lack.
const SEALED_FIELDS: [u64; 2] = [14, 15];

/// Members a policy may allow at most; more are an audience, not a meeting.
const MAX_MEMBERS: u64 = 1000;

/// Who needs a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Every leaf needs one.
    Lobby,
    /// Whoever has the link comes in.
    Open,
}

/// A verified policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub admission: Admission,
    pub max: usize,
    pub host_pk: Vec<u8>,
    /// Which link secret is in force, counted from 1.
    pub generation: u32,
    /// Grows with every change.
    pub seq: u64,
    pub banned: Vec<String>,
    /// Title and agenda, sealed for those who have the link.
    pub about: Option<Vec<u8>>,
    /// What hosts keep for one another, sealed for them.
    pub notes: Option<Vec<u8>>,
    /// As it was signed: `[body, sig]`.
    pub blob: Vec<u8>,
}

impl Policy {
    /// Read and verify a blob: signature, room, mode, suite, and whether it is in force at `now` (Unix seconds).
    ///
    /// # Errors
    /// `bad_policy`, or `wrong_room`.
    pub fn open(crypto: &RustCrypto, room: &RoomId, blob: &[u8], now: u64) -> Outcome<Self> {
        let bad = |what: &str| Refusal::new(Code::BadPolicy, what);
        let outer = cbor::decode(blob).map_err(|refusal| bad(&refusal.detail))?;
        let [Value::Bytes(body), Value::Bytes(signature)] = outer.as_array().unwrap_or_default()
        else {
            return Err(bad("a policy is [body, sig]"));
        };
        let fields = cbor::decode(body).map_err(|refusal| bad(&refusal.detail))?;
        let sealed = SEALED_FIELDS
            .iter()
            .filter(|key| fields.at(**key).is_some());
        let count = 13 + sealed.count();
        if !matches!(&fields, Value::Map(entries) if entries.len() == count)
            || fields.at(1) != Some(&Value::Uint(1))
        {
            return Err(bad("not a policy of version 1"));
        }
        let uint = |key| {
            fields
                .at(key)
                .and_then(Value::as_uint)
                .ok_or_else(|| bad("a number is missing"))
        };
        let host_pk = fields.at(7).and_then(Value::as_bytes).unwrap_or_default();
        if !signed_by(crypto, host_pk, &signed_policy(body), signature) {
            return Err(bad("the host's signature is wrong"));
        }
        if fields.at(2).and_then(Value::as_text) != Some(room.as_str()) {
            return refuse(Code::WrongRoom, "the policy of another room");
        }
        if fields.at(3).and_then(Value::as_text) != Some("e2ee") || uint(4)? != 1 {
            return Err(bad("another mode or another suite"));
        }
        let admission = match fields.at(5).and_then(Value::as_text) {
            Some("lobby") => Admission::Lobby,
            Some("open") => Admission::Open,
            _ => return Err(bad("neither lobby nor open")),
        };
        let (not_before, not_after) = (uint(10)?, uint(11)?);
        if not_before > now.saturating_add(CLOCK_LEEWAY_S)
            || not_after != 0 && not_after.saturating_add(CLOCK_LEEWAY_S) < now
        {
            return Err(bad("not in force at this time"));
        }
        let banned = fields
            .at(13)
            .and_then(Value::as_array)
            .ok_or_else(|| bad("no list of banned identities"))?;
        let sealed = |key| match fields.at(key) {
            None => Ok(None),
            Some(Value::Bytes(bytes)) if bytes.len() <= LARGEST_SEALED => Ok(Some(bytes.clone())),
            Some(_) => Err(bad("a sealed field is a byte string of at most 8 KiB")),
        };
        Ok(Self {
            admission,
            max: usize::try_from(uint(6)?.min(MAX_MEMBERS)).unwrap_or_default(),
            host_pk: host_pk.to_vec(),
            generation: u32::try_from(uint(8)?)
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| bad("no gen"))?,
            seq: uint(9)?,
            banned: banned
                .iter()
                .map(|identity| {
                    identity
                        .as_text()
                        .map(str::to_owned)
                        .ok_or_else(|| bad("a banned identity is text"))
                })
                .collect::<Outcome<_>>()?,
            about: sealed(14)?,
            notes: sealed(15)?,
            blob: blob.to_vec(),
        })
    }

    /// Is the link with these keys the one in force? A policy without title and agenda does not tell.
    ///
    /// # Errors
    /// `wrong_secret`.
    pub fn check_link(&self, crypto: &RustCrypto, room: &RoomId, keys: &LinkKeys) -> Outcome<()> {
        match &self.about {
            Some(about) if !opens_about(crypto, &keys.meta, room, about) => {
                refuse(Code::WrongSecret, "the link is of another generation")
            }
            _ => Ok(()),
        }
    }

    /// Is its host key the one the link names?
    ///
    /// # Errors
    /// `wrong_host_key`.
    pub fn check_fingerprint(&self, crypto: &RustCrypto, named: &[u8]) -> Outcome<()> {
        if named.len() == FINGERPRINT && fingerprint(crypto, &self.host_pk)? == named {
            Ok(())
        } else {
            refuse(Code::WrongHostKey, "the link names another host key")
        }
    }
}

/// What the host signs to put a policy in force.
pub fn signed_policy(body: &[u8]) -> Vec<u8> {
    [b"hc1 policy\0".as_slice(), body].concat()
}

/// What a seat is admitted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Guest,
    Host,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
        }
    }
}

/// A host's word that a seat is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub role: Role,
    /// Unix seconds.
    pub not_after: u64,
}

impl Certificate {
    /// Read and verify a certificate for this seat; its age is left to [`Certificate::is_valid_at`].
    ///
    /// # Errors
    /// `bad_certificate`.
    pub fn open(
        crypto: &RustCrypto,
        room: &RoomId,
        host_pk: &[u8],
        seat_pk: &[u8],
        bytes: &[u8],
    ) -> Outcome<Self> {
        let bad = |what: &str| Refusal::new(Code::BadCertificate, what);
        let fields = cbor::decode(bytes).map_err(|refusal| bad(&refusal.detail))?;
        let Value::Map(entries) = &fields else {
            return Err(bad("a certificate is a map"));
        };
        let (
            Some(Value::Uint(role)),
            Some(Value::Bytes(seat)),
            Some(Value::Uint(not_after)),
            Some(Value::Bytes(sig)),
            4,
        ) = (
            fields.at(1),
            fields.at(2),
            fields.at(3),
            fields.at(4),
            entries.len(),
        )
        else {
            return Err(bad("a certificate has four fields"));
        };
        let (number, kind) = match role {
            1 => (1, Role::Guest),
            2 => (2, Role::Host),
            _ => return Err(bad("neither guest nor host")),
        };
        if seat != seat_pk {
            return Err(bad("the certificate of another seat"));
        }
        if !signed_by(
            crypto,
            host_pk,
            &signed_certificate(room, number, seat, *not_after),
            sig,
        ) {
            return Err(bad("not signed by the host"));
        }
        Ok(Self {
            role: kind,
            not_after: *not_after,
        })
    }

    pub fn is_valid_at(&self, now: u64) -> bool {
        self.not_after.saturating_add(CLOCK_LEEWAY_S) >= now
    }
}

/// What the host signs to admit a seat.
pub fn signed_certificate(room: &RoomId, role: u8, seat_pk: &[u8], not_after: u64) -> Vec<u8> {
    [
        b"hc1 cert\0".as_slice(),
        room.as_bytes(),
        &[role],
        seat_pk,
        &not_after.to_be_bytes(),
    ]
    .concat()
}

/// A certificate as it travels.
///
/// # Errors
/// `bad_request` for a key or signature of another length.
pub fn certificate_bytes(
    role: u8,
    seat_pk: &[u8],
    not_after: u64,
    signature: &[u8],
) -> Outcome<Vec<u8>> {
    if seat_pk.len() != KEY || signature.len() != SIGNATURE {
        return refuse(Code::BadRequest, "a key has 32 bytes, a signature 64");
    }
    let role = u64::from(role);
    Ok(cbor::encode(&numbered([
        role.into(),
        seat_pk.into(),
        not_after.into(),
        signature.into(),
    ])))
}
