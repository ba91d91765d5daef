//! One session key at work: AES-GCM (RFC 7714), or AES counter mode with HMAC-SHA1-80 (RFC 3711), in place; packet layout is `srtp`'s matter.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

use super::{Profile, RTCP_HEADER, RTCP_INDEX, SrtpError, keys::Session};

pub(super) const GCM_TAG: usize = 16;
pub(super) const HMAC_TAG: usize = 10;

/// A bound session key. aws-lc wipes its copies on drop.
pub(super) enum Cipher {
    Gcm {
        key: Box<LessSafeKey>,
        salt: Zeroizing<[u8; 12]>,
    },
    CounterMode {
        key: Box<EncryptingKey>,
        salt: Zeroizing<[u8; 14]>,
        authentication: Box<hmac::Key>,
    },
}

/// What names a packet under one key.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) ssrc: u32,
    /// 48 bits for RTP, 31 for RTCP.
    pub(super) index: u64,
}

/// What is authenticated besides the packet.
#[derive(Clone, Copy)]
pub(super) enum Trailer {
    /// RTP's, not sent; part of GCM's nonce already.
    RollOverCounter([u8; 4]),
    /// RTCP's index word, as sent.
    Index([u8; 4]),
}

impl Trailer {
    fn bytes(&self) -> &[u8] {
        let (Self::RollOverCounter(bytes) | Self::Index(bytes)) = self;
        bytes
    }
}

impl Cipher {
    pub(super) fn new(profile: Profile, session: &Session) -> Result<Self, SrtpError> {
        let algorithm = match profile {
            Profile::AeadAes128Gcm => &AES_128_GCM,
            Profile::AeadAes256Gcm => &AES_256_GCM,
            Profile::Aes128CmSha1_80 => return Self::counter_mode(session),
        };
        let key = UnboundKey::new(algorithm, &session.key).map_err(|_| SrtpError::Material)?;
        Ok(Self::Gcm {
            key: Box::new(LessSafeKey::new(key)),
            salt: salt(session)?,
        })
    }

    fn counter_mode(session: &Session) -> Result<Self, SrtpError> {
        let key = UnboundCipherKey::new(&AES_128, &session.key).map_err(|_| SrtpError::Material)?;
        Ok(Self::CounterMode {
            key: Box::new(EncryptingKey::ctr(key).map_err(|_| SrtpError::Material)?),
            salt: salt(session)?,
            authentication: Box::new(hmac::Key::new(
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                &session.authentication,
            )),
        })
    }

    /// Encrypt `body` and fill `tag`, which covers `header`, `body` and `trailer`.
    pub(super) fn seal(
        &self,
        position: Position,
        header: &[u8],
        body: &mut [u8],
        trailer: Trailer,
        tag: &mut [u8],
    ) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { key, salt } => {
                let mut joined = [0; RTCP_HEADER + RTCP_INDEX];
                let covered = Aad::from(covered(header, &trailer, &mut joined));
                let made = key
                    .seal_in_place_separate_tag(gcm_nonce(salt, position), covered, body)
                    .map_err(|_| SrtpError::NoRoom)?;
                copy(tag, made.as_ref())
            }
            Self::CounterMode {
                key,
                salt,
                authentication,
            } => {
                apply(key, salt, position, body).map_err(|_| SrtpError::NoRoom)?;
                let made = mac(authentication, header, body, &trailer);
                copy(tag, made.as_ref().get(..HMAC_TAG).unwrap_or_default())
            }
        }
    }

    /// The reverse: `Forged` unless `tag` is right.
    pub(super) fn open(
        &self,
        position: Position,
        header: &[u8],
        body: &mut [u8],
        trailer: Trailer,
        tag: &[u8],
    ) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { key, salt } => {
                let mut joined = [0; RTCP_HEADER + RTCP_INDEX];
                let covered = Aad::from(covered(header, &trailer, &mut joined));
                key.open_in_place_separate_tag(gcm_nonce(salt, position), covered, tag, body)
                    .map(drop)
                    .map_err(|_| SrtpError::Forged)
            }
            Self::CounterMode {
                key,
                salt,
                authentication,
            } => {
                let right = mac(authentication, header, body, &trailer);
                constant_time::verify_slices_are_equal(
                    right.as_ref().get(..HMAC_TAG).unwrap_or_default(),
                    tag,
                )
                .map_err(|_| SrtpError::Forged)?;
                apply(key, salt, position, body).map_err(|_| SrtpError::Forged)
            }
        }
    }
}

fn salt<const N: usize>(session: &Session) -> Result<Zeroizing<[u8; N]>, SrtpError> {
    session
        .salt
        .as_slice()
        .try_into()
        .map(Zeroizing::new)
        .map_err(|_| SrtpError::Material)
}

fn copy(tag: &mut [u8], made: &[u8]) -> Result<(), SrtpError> {
    if tag.len() != made.len() {
        return Err(SrtpError::NoRoom);
    }
    tag.copy_from_slice(made);
    Ok(())
}

/// GCM's additional data: RTP's header alone (RFC 7714 section 8.1), RTCP's header and index word (section 9.2).
fn covered<'a>(
    header: &'a [u8],
    trailer: &Trailer,
    joined: &'a mut [u8; RTCP_HEADER + RTCP_INDEX],
) -> &'a [u8] {
    match trailer {
        Trailer::RollOverCounter(_) => header,
        Trailer::Index(word) => {
            joined
                .iter_mut()
                .zip(header.iter().chain(word))
                .for_each(|(to, from)| *to = *from);
            joined
        }
    }
}

/// Two zero bytes, SSRC, and the index in 48 bits, over the salt: RTP (section 8.1) and RTCP (section 9.1) agree in this.
fn gcm_nonce(salt: &[u8; 12], position: Position) -> Nonce {
    let [_, _, index @ ..] = position.index.to_be_bytes();
    let mut nonce = *salt;
    let named = [0; 2]
        .into_iter()
        .chain(position.ssrc.to_be_bytes())
        .chain(index);
    nonce
        .iter_mut()
        .zip(named)
        .for_each(|(byte, name)| *byte ^= name);
    Nonce::assume_unique_for_key(nonce)
}

/// En- and decryption are one: XOR with the key stream from (salt XOR SSRC XOR index), RFC 3711 section 4.1.1.
fn apply(
    key: &EncryptingKey,
    salt: &[u8; 14],
    position: Position,
    body: &mut [u8],
) -> Result<(), SrtpError> {
    if body.is_empty() {
        return Ok(());
    }
    let [_, _, index @ ..] = position.index.to_be_bytes();
    let named = [0; 4]
        .into_iter()
        .chain(position.ssrc.to_be_bytes())
        .chain(index);
    let mut start = [0; 16];
    start
        .iter_mut()
        .zip(salt.iter().zip(named))
        .for_each(|(byte, (salt, name))| *byte = salt ^ name);
    key.less_safe_encrypt(body, EncryptionContext::Iv128((&start).into()))
        .map(drop)
        .map_err(|_| SrtpError::Forged)
}

fn mac(key: &hmac::Key, header: &[u8], body: &[u8], trailer: &Trailer) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(header);
    context.update(body);
    context.update(trailer.bytes());
    context.sign()
}
