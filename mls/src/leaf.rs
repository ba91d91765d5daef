//! What a member carries in its leaf besides MLS's own fields (extension 0xF0C2), and the card a stranger leaves at the door: building,
//! reading, verifying. Whether a leaf may be in a group is decided in `rules`.

use openmls::prelude::{BasicCredential, Extension, LeafNode, UnknownExtension};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::HashType;

use crate::cbor::{self, Value, numbered};
use crate::derive::{
    INVITATION, KEY, LinkKeys, RoomId, SIGNATURE, identity, is_name_shaped, open_name, signed_by,
};
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::policy::{Certificate, Role};

/// GroupContext extension that holds the policy blob.
pub const POLICY_EXTENSION: u16 = 0xF0C1;
/// Leaf extension that holds the seat.
pub const SEAT_EXTENSION: u16 = 0xF0C2;

/// A knock card is no longer than this many bytes.
pub const MAX_CARD: usize = 1024;

/// The content of extension 0xF0C2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub seat_pk: Vec<u8>,
    pub seat_sig: Vec<u8>,
    pub name_ct: Vec<u8>,
    pub certificate: Option<Vec<u8>>,
}

impl Seat {
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&numbered([
            self.seat_pk.clone().into(),
            self.seat_sig.clone().into(),
            self.name_ct.clone().into(),
            self.certificate.clone().into(),
        ]))
    }

    /// The extension as it stands in the leaf.
    pub fn extension(&self) -> Extension {
        Extension::Unknown(SEAT_EXTENSION, UnknownExtension(self.encode()))
    }

    fn decode(bytes: &[u8]) -> Outcome<Self> {
        let bad = |what: &str| Refusal::new(Code::BadLeaf, what);
        let fields = cbor::decode(bytes).map_err(|refusal| bad(&refusal.detail))?;
        let Value::Map(entries) = &fields else {
            return Err(bad("a seat is a map"));
        };
        let (
            Some(Value::Bytes(seat_pk)),
            Some(Value::Bytes(seat_sig)),
            Some(Value::Bytes(name_ct)),
            Some(certificate),
            4,
        ) = (
            fields.at(1),
            fields.at(2),
            fields.at(3),
            fields.at(4),
            entries.len(),
        )
        else {
            return Err(bad("a seat has four fields"));
        };
        let certificate = match certificate {
            Value::Null => None,
            Value::Bytes(bytes) => Some(bytes.clone()),
            _ => return Err(bad("a certificate is bytes or null")),
        };
        if seat_pk.len() != KEY || seat_sig.len() != SIGNATURE || !is_name_shaped(name_ct) {
            return Err(bad("a field of the seat has a wrong length"));
        }
        Ok(Self {
            seat_pk: seat_pk.clone(),
            seat_sig: seat_sig.clone(),
            name_ct: name_ct.clone(),
            certificate,
        })
    }
}

/// A leaf whose seat is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    pub identity: String,
    /// The MLS signature key of the leaf.
    pub leaf_pk: Vec<u8>,
    pub seat: Seat,
    pub certificate: Option<Certificate>,
}

impl Seated {
    /// Verify a leaf: basic credential, identity of the seat key, the seat's signature over the leaf key, and the certificate's
    /// signature where there is one. Its age is left to the caller.
    ///
    /// # Errors
    /// `bad_leaf` or `bad_certificate`.
    pub fn open(
        crypto: &RustCrypto,
        room: &RoomId,
        host_pk: &[u8],
        leaf: &LeafNode,
    ) -> Outcome<Self> {
        let mut extensions = leaf.extensions().iter();
        let (Some(Extension::Unknown(SEAT_EXTENSION, UnknownExtension(bytes))), None) =
            (extensions.next(), extensions.next())
        else {
            return refuse(Code::BadLeaf, "a leaf has the seat extension and no other");
        };
        let seat = Seat::decode(bytes)?;
        let credential =
            BasicCredential::try_from(leaf.credential().clone()).or_refuse(Code::BadLeaf)?;
        let identity = identity(crypto, &seat.seat_pk)?;
        if credential.identity() != identity.as_bytes() {
            return refuse(Code::BadLeaf, "the identity is not the one of the seat key");
        }
        let leaf_pk = leaf.signature_key().as_slice().to_vec();
        if !signed_by(
            crypto,
            &seat.seat_pk,
            &signed_leaf(room, &leaf_pk),
            &seat.seat_sig,
        ) {
            return refuse(Code::BadLeaf, "the seat did not sign this leaf key");
        }
        let certificate = seat
            .certificate
            .as_deref()
            .map(|bytes| Certificate::open(crypto, room, host_pk, &seat.seat_pk, bytes))
            .transpose()?;
        Ok(Self {
            identity,
            leaf_pk,
            seat,
            certificate,
        })
    }

    /// Its role at `now` (Unix seconds); a certificate that ran out makes nobody a host.
    pub fn role_at(&self, now: u64) -> Role {
        match &self.certificate {
            Some(certificate) if certificate.is_valid_at(now) => certificate.role,
            _ => Role::Guest,
        }
    }
}

/// What a seat signs so that a leaf key speaks for it in a room.
pub fn signed_leaf(room: &RoomId, leaf_pk: &[u8]) -> Vec<u8> {
    [b"hc1 leaf\0".as_slice(), room.as_bytes(), leaf_pk].concat()
}

/// A knock card whose mac was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub seat_pk: Vec<u8>,
    pub identity: String,
    pub name: String,
}

/// The card a stranger with the link leaves at the door. `invitation`: the id of a personal one, whose secret `keys` come from.
pub fn make_card(
    crypto: &RustCrypto,
    room: &RoomId,
    keys: &LinkKeys,
    seat_pk: &[u8],
    name_ct: &[u8],
    invitation: Option<&[u8]>,
) -> Outcome<Vec<u8>> {
    if seat_pk.len() != KEY {
        return refuse(Code::BadRequest, "a key has 32 bytes");
    }
    let mac = card_mac(crypto, room, keys, seat_pk, name_ct)?;
    let fields = [seat_pk.into(), name_ct.into(), mac.into()];
    Ok(cbor::encode(&match invitation {
        None => numbered(fields),
        Some(id) if id.len() == INVITATION => {
            let [seat_pk, name_ct, mac] = fields;
            numbered([seat_pk, name_ct, mac, id.into()])
        }
        Some(_) => return refuse(Code::BadRequest, "the id of an invitation has 8 bytes"),
    }))
}

/// Read a card: whoever wrote it holds the link, and says this name and this seat key together. `invitation`: the personal one that
/// `keys` come from; a card of the shared link is none of it, nor the other way round.
///
/// # Errors
/// `malformed`, or `wrong_secret` where the mac or the name was made with another link or invitation.
pub fn open_card(
    crypto: &RustCrypto,
    room: &RoomId,
    keys: &LinkKeys,
    card: &[u8],
    invitation: Option<&[u8]>,
) -> Outcome<Card> {
    if card.len() > MAX_CARD {
        return refuse(Code::Malformed, "a knock card has at most 1 KiB");
    }
    let fields = cbor::decode(card)?;
    let (Some(Value::Bytes(seat_pk)), Some(Value::Bytes(name_ct)), Some(Value::Bytes(mac))) =
        (fields.at(1), fields.at(2), fields.at(3))
    else {
        return refuse(Code::Malformed, "a knock card has seat, name and mac");
    };
    if seat_pk.len() != KEY {
        return refuse(Code::Malformed, "a key has 32 bytes");
    }
    let carried = fields.at(4).map(Value::as_bytes);
    if carried != invitation.map(Some) {
        return refuse(Code::WrongSecret, "the card is not of this invitation");
    }
    let expected = card_mac(crypto, room, keys, seat_pk, name_ct)?;
    if !equal_in_constant_time(mac, &expected) {
        return refuse(Code::WrongSecret, "the mac of the card is wrong");
    }
    let Some(name) = open_name(crypto, &keys.meta, seat_pk, name_ct) else {
        return refuse(Code::WrongSecret, "the name of the card does not open");
    };
    Ok(Card {
        seat_pk: seat_pk.clone(),
        identity: identity(crypto, seat_pk)?,
        name,
    })
}

/// The server can leave as many cards as it likes: how long a refusal takes must not tell it how much of a mac was right.
fn equal_in_constant_time(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

fn card_mac(
    crypto: &RustCrypto,
    room: &RoomId,
    keys: &LinkKeys,
    seat_pk: &[u8],
    name_ct: &[u8],
) -> Outcome<Vec<u8>> {
    let message = [b"hc1 knock\0".as_slice(), room.as_bytes(), seat_pk, name_ct].concat();
    let mac = crypto
        .hmac(HashType::Sha2_256, &keys.join, &message)
        .or_refuse(Code::Internal)?;
    Ok(mac.as_slice().to_vec())
}
