//! What follows from a link: the PSK, the key of names, the key of the door; and what follows from a seat key: the identity. How
//! signed byte strings are built stands with what is signed.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{AeadType, HashType, SignatureScheme};
use zeroize::Zeroizing;

use crate::error::{Code, OrRefuse, Outcome, refuse};

/// A room id: 26 characters of base32.
pub const ROOM_ID: usize = 26;
/// An Ed25519 or X25519 public key.
pub const KEY: usize = 32;
/// An Ed25519 signature.
pub const SIGNATURE: usize = 64;
/// The link secret S.
pub const SECRET: usize = 16;
/// The fingerprint F of the host key in a link.
pub const FINGERPRINT: usize = 16;

/// The id of a personal invitation.
pub const INVITATION: usize = 8;

const NONCE: usize = 12;
const TAG: usize = 16;

/// The room a session is in, as the bytes that salt and are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomId([u8; ROOM_ID]);

impl RoomId {
    /// # Errors
    /// `bad_request` unless it is 26 characters of lower or upper case base32 or digits.
    pub fn parse(text: &str) -> Outcome<Self> {
        match <[u8; ROOM_ID]>::try_from(text.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_alphanumeric) => Ok(Self(bytes)),
            _ => refuse(Code::BadRequest, "a room id has 26 letters and digits"),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        // Checked to be ASCII when it was made.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What the link secret S gives, all of it secret.
#[derive(Clone)]
pub struct LinkKeys {
    /// The external PSK of every commit.
    pub psk: Zeroizing<Vec<u8>>,
    /// AES-256-GCM key of names and titles.
    pub meta: Zeroizing<Vec<u8>>,
    /// HMAC-SHA256 key of knock cards.
    pub join: Zeroizing<Vec<u8>>,
}

impl LinkKeys {
    /// HKDF-SHA256 over the link secret, salted with the room.
    ///
    /// # Errors
    /// `bad_request` unless the secret has 16 bytes.
    pub fn derive(crypto: &RustCrypto, room: &RoomId, secret: &[u8]) -> Outcome<Self> {
        if secret.len() != SECRET {
            return refuse(Code::BadRequest, "a link secret has 16 bytes");
        }
        let extracted = crypto
            .hkdf_extract(HashType::Sha2_256, room.as_bytes(), secret)
            .or_refuse(Code::Internal)?;
        let expand = |info: &str| -> Outcome<Zeroizing<Vec<u8>>> {
            let key = crypto
                .hkdf_expand(
                    HashType::Sha2_256,
                    extracted.as_slice(),
                    info.as_bytes(),
                    32,
                )
                .or_refuse(Code::Internal)?;
            Ok(Zeroizing::new(key.as_slice().to_vec()))
        };
        Ok(Self {
            psk: expand("hc1 mls psk")?,
            meta: expand("hc1 meta")?,
            join: expand("hc1 join")?,
        })
    }
}

/// The id of the external PSK of a generation.
pub fn psk_id(generation: u32) -> Vec<u8> {
    [b"hc-link-v1".as_slice(), &generation.to_be_bytes()].concat()
}

/// `p_` and the base64url of the first 15 bytes of SHA-256(seat key): LiveKit identity and MLS credential at once.
pub fn identity(crypto: &RustCrypto, seat_pk: &[u8]) -> Outcome<String> {
    let hash = crypto
        .hash(HashType::Sha2_256, seat_pk)
        .or_refuse(Code::Internal)?;
    Ok(format!("p_{}", base64url(&hash[..15])))
}

/// The F of a link: the first 16 bytes of SHA-256(host key).
pub fn fingerprint(crypto: &RustCrypto, host_pk: &[u8]) -> Outcome<Vec<u8>> {
    let mut hash = crypto
        .hash(HashType::Sha2_256, host_pk)
        .or_refuse(Code::Internal)?;
    hash.truncate(FINGERPRINT);
    Ok(hash)
}

/// Does this Ed25519 key say these bytes?
pub fn signed_by(crypto: &RustCrypto, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    key.len() == KEY
        && signature.len() == SIGNATURE
        && crypto
            .verify_signature(SignatureScheme::ED25519, message, key, signature)
            .is_ok()
}

/// A name nobody but holders of the link can read: nonce ‖ AES-256-GCM(u16 length ‖ name ‖ zeros up to a multiple of 64).
///
/// # Errors
/// `bad_request` for a name of more than 254 bytes of UTF-8.
pub fn seal_name(
    crypto: &RustCrypto,
    meta: &[u8],
    nonce: [u8; NONCE],
    seat_pk: &[u8],
    name: &str,
) -> Outcome<Vec<u8>> {
    let length = match u8::try_from(name.len()) {
        Ok(length) if length < 255 => length,
        _ => return refuse(Code::BadRequest, "a name has at most 254 bytes"),
    };
    let mut plain = vec![0, length];
    plain.extend_from_slice(name.as_bytes());
    plain.resize(plain.len().next_multiple_of(64), 0);
    let sealed = crypto
        .aead_encrypt(
            AeadType::Aes256Gcm,
            meta,
            &plain,
            &nonce,
            &name_aad(seat_pk),
        )
        .or_refuse(Code::Internal)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// The name in a `name_ct`; `None` where it was sealed with another link's key or is no name.
pub fn open_name(
    crypto: &RustCrypto,
    meta: &[u8],
    seat_pk: &[u8],
    sealed: &[u8],
) -> Option<String> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let plain = crypto
        .aead_decrypt(AeadType::Aes256Gcm, meta, sealed, nonce, &name_aad(seat_pk))
        .ok()?;
    let (length, rest) = plain.split_first_chunk::<2>()?;
    let name = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    String::from_utf8(name.to_vec()).ok()
}

/// Can this be a `name_ct` at all? Its length tells no more than how many times 64 bytes the name took.
pub fn is_name_shaped(sealed: &[u8]) -> bool {
    sealed
        .len()
        .checked_sub(NONCE + TAG)
        .is_some_and(|plain| (64..=256).contains(&plain) && plain.is_multiple_of(64))
}

/// Was this title and agenda sealed with this key, for this room? It shows which generation a link is of.
pub fn opens_about(crypto: &RustCrypto, meta: &[u8], room: &RoomId, sealed: &[u8]) -> bool {
    let aad = [b"hc1 about\0".as_slice(), room.as_bytes()].concat();
    sealed
        .split_at_checked(NONCE)
        .is_some_and(|(nonce, sealed)| {
            crypto
                .aead_decrypt(AeadType::Aes256Gcm, meta, sealed, nonce, &aad)
                .is_ok()
        })
}

fn name_aad(seat_pk: &[u8]) -> Vec<u8> {
    [b"hc1 name\0".as_slice(), seat_pk].concat()
}

/// base64url without padding (RFC 4648 §5).
pub fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(
                ALPHABET[(word >> (18 - 6 * place) & 63) as usize],
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_the_one_of_rfc_4648() {
        let cases = [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_name_opens_with_its_key_and_its_seat_only() {
        let crypto = RustCrypto::default();
        let sealed = seal_name(&crypto, &[1; 32], [2; 12], &[3; 32], "Zoé").unwrap();

        assert!(is_name_shaped(&sealed));
        assert_eq!(
            open_name(&crypto, &[1; 32], &[3; 32], &sealed).as_deref(),
            Some("Zoé")
        );
        assert_eq!(open_name(&crypto, &[9; 32], &[3; 32], &sealed), None);
        assert_eq!(open_name(&crypto, &[1; 32], &[4; 32], &sealed), None);
    }

    #[test]
    fn short_names_are_all_equally_long_when_sealed() {
        let crypto = RustCrypto::default();
        let length = |name: &str| {
            seal_name(&crypto, &[1; 32], [2; 12], &[3; 32], name)
                .unwrap()
                .len()
        };

        assert_eq!(
            length("Al"),
            length("a name of sixty-two bytes, which is the longest of this size..")
        );
        assert!(seal_name(&crypto, &[1; 32], [2; 12], &[3; 32], &"x".repeat(255)).is_err());
    }
}
