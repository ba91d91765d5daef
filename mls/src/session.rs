//! One member of one room: its secrets, its leaf, and the group it is in, is entering, or is changing. What may happen to the group is
//! judged in `rules`; what goes over the boundary is spelt in `ops`.

use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, CredentialWithKey, ExtensionType,
    ProtocolVersion,
};
use openmls::prelude::{
    Extensions, LeafNode, MlsGroup, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls::schedule::PreSharedKeyId;
use openmls_rust_crypto::{OpenMlsRustCrypto, RustCrypto};
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use zeroize::Zeroizing;

use crate::derive::{KEY, LinkKeys, RoomId, identity, open_name, psk_id, seal_name};
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::leaf::{
    Card, POLICY_EXTENSION, SEAT_EXTENSION, Seat, make_card, open_card, signed_leaf,
};
use crate::policy::Policy;
use crate::rules::{Ground, Roster, SUITE, Verdict};

/// Epochs whose application messages can still be read: they cross a commit on their way.
const PAST_EPOCHS: usize = 2;

/// What `open` is told.
pub struct Opening<'a> {
    pub room: &'a str,
    /// The link secret S, 16 bytes.
    pub secret: &'a [u8],
    /// The fingerprint F of the host key, 16 bytes.
    pub fingerprint: &'a [u8],
    pub policy: &'a [u8],
    /// The secret is a personal invitation's, or one handed over for it: it need not be that of this policy's link.
    pub apart: bool,
    /// The highest seq this browser saw of the room.
    pub known_seq: u64,
    /// Unix seconds for tests; else the clock of the system.
    pub now: Option<u64>,
}

/// The session of one member in one room.
pub struct Session {
    pub(crate) crypto: RustCrypto,
    pub(crate) room: RoomId,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) policy: Policy,
    pub(crate) keys: LinkKeys,
    /// Keys of links that are out of force: names sealed with them stay readable.
    pub(crate) older_keys: Vec<LinkKeys>,
    pub(crate) leaf: Option<Leaf>,
    /// Holds the private keys of the key package until its Welcome comes.
    pub(crate) door: Option<OpenMlsRustCrypto>,
    pub(crate) live: Option<Live>,
    /// Entered by an external commit that the server has not accepted yet.
    pub(crate) joining: Option<Live>,
    pub(crate) pending: Option<Pending>,
    pub(crate) removed: bool,
    pub(crate) now: Option<u64>,
}

/// A group, with what this member knows of it.
pub(crate) struct Live {
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) group: MlsGroup,
    pub(crate) roster: Roster,
    pub(crate) policy: Policy,
    /// Do we hold the link secret of the generation in force? Not between its change and the message that brings it.
    pub(crate) has_secret: bool,
}

/// Our commit that the server has not accepted yet.
pub(crate) struct Pending {
    pub(crate) verdict: Verdict,
    pub(crate) secret: Option<Zeroizing<Vec<u8>>>,
    /// Our seat with its name sealed anew.
    pub(crate) seat: Option<Seat>,
}

/// Our own leaf.
pub(crate) struct Leaf {
    pub(crate) key: LeafKey,
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) seat_pk: Vec<u8>,
    /// Set once the seat has signed the leaf key.
    pub(crate) seat: Option<Seat>,
}

/// The MLS signature key of our leaf.
pub(crate) struct LeafKey {
    pub(crate) public: Vec<u8>,
    pub(crate) private: Zeroizing<Vec<u8>>,
}

impl Signer for LeafKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        RustCrypto::default()
            .sign(self.signature_scheme(), payload, &self.private)
            .map_err(SignerError::CryptoError)
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// What `new_leaf` gives: the public key, what the seat has to sign, and the key to come back with after a reload.
pub struct NewLeaf {
    pub leaf_pk: Vec<u8>,
    pub to_sign: Vec<u8>,
    pub leaf_key: Zeroizing<Vec<u8>>,
}

/// One member as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub leaf: u32,
    pub identity: String,
    pub seat_pk: Vec<u8>,
    pub leaf_pk: Vec<u8>,
    /// `None` where it was sealed with a link we never had.
    pub name: Option<String>,
    pub role: &'static str,
}

/// What an epoch gives to others.
pub struct EpochKeys {
    pub epoch: u64,
    /// The base key of SFrame (RFC 9605 §5.2), 16 bytes.
    pub base: Zeroizing<Vec<u8>>,
    /// The epoch authenticator (RFC 9420 §8.7), from which the safety code comes.
    pub authenticator: Vec<u8>,
    pub self_leaf: u32,
}

impl Session {
    /// Verify the policy of a link and derive the link's keys.
    ///
    /// # Errors
    /// `bad_request`, `bad_policy`, `wrong_room`, `wrong_host_key`, `policy_rollback`; `wrong_secret` for a link of before a change.
    pub fn open(opening: &Opening<'_>) -> Outcome<Self> {
        let crypto = RustCrypto::default();
        let room = RoomId::parse(opening.room)?;
        let keys = LinkKeys::derive(&crypto, &room, opening.secret)?;
        let policy = Policy::open(
            &crypto,
            &room,
            opening.policy,
            opening.now.unwrap_or_else(clock),
        )?;
        policy.check_fingerprint(&crypto, opening.fingerprint)?;
        if policy.seq < opening.known_seq {
            return refuse(Code::PolicyRollback, "an older policy than one seen before");
        }
        if !opening.apart {
            policy.check_link(&crypto, &room, &keys)?;
        }
        Ok(Self {
            crypto,
            room,
            fingerprint: opening.fingerprint.to_vec(),
            policy,
            keys,
            older_keys: vec![],
            leaf: None,
            door: None,
            live: None,
            joining: None,
            pending: None,
            removed: false,
            now: opening.now,
        })
    }

    /// The policy in force: the group's, or the opened one before there is a group.
    pub fn policy(&self) -> &Policy {
        self.live.as_ref().map_or(&self.policy, |live| &live.policy)
    }

    /// Do we hold the link secret of the generation in force?
    pub fn has_secret(&self) -> bool {
        self.live.as_ref().is_none_or(|live| live.has_secret)
    }

    /// Make the key of our leaf, or take the one of before a reload, which lets an external commit replace the old leaf.
    ///
    /// # Errors
    /// `bad_request`, or `wrong_state` once there is a group.
    pub fn new_leaf(
        &mut self,
        seat_pk: &[u8],
        name: &str,
        kept: Option<&[u8]>,
    ) -> Outcome<NewLeaf> {
        if self.live.is_some() || self.joining.is_some() {
            return refuse(Code::WrongState, "there is a group already");
        }
        if seat_pk.len() != KEY {
            return refuse(Code::BadRequest, "a key has 32 bytes");
        }
        let (private, public) = match kept.map(|kept| kept.split_at_checked(KEY)) {
            None => self
                .crypto
                .signature_key_gen(SignatureScheme::ED25519)
                .or_refuse(Code::Internal)?,
            Some(Some((private, public))) if public.len() == KEY => {
                (private.to_vec(), public.to_vec())
            }
            Some(_) => return refuse(Code::BadRequest, "a leaf key has 64 bytes"),
        };
        let key = LeafKey {
            public,
            private: Zeroizing::new(private),
        };
        let proof = key.sign(b"hc1 leaf key").or_refuse(Code::BadRequest)?;
        self.crypto
            .verify_signature(
                SignatureScheme::ED25519,
                b"hc1 leaf key",
                &key.public,
                &proof,
            )
            .map_err(|_| {
                Refusal::new(
                    Code::BadRequest,
                    "the halves of the leaf key do not belong together",
                )
            })?;
        // Tried once, so that a name that cannot be sealed is refused here and not at the group's door.
        self.seal_name(seat_pk, name)?;
        let made = NewLeaf {
            leaf_pk: key.public.clone(),
            to_sign: signed_leaf(&self.room, &key.public),
            leaf_key: Zeroizing::new([key.private.as_slice(), &key.public].concat()),
        };
        self.leaf = Some(Leaf {
            key,
            identity: identity(&self.crypto, seat_pk)?,
            name: name.to_owned(),
            seat_pk: seat_pk.to_vec(),
            seat: None,
        });
        Ok(made)
    }

    /// Complete our leaf with the seat's signature and the host's certificate. Both are verified as others will.
    ///
    /// # Errors
    /// `wrong_state`, `bad_leaf`, `bad_certificate`.
    pub fn seal_leaf(&mut self, seat_sig: &[u8], certificate: Option<&[u8]>) -> Outcome<()> {
        let Some(leaf) = &self.leaf else {
            return refuse(Code::WrongState, "no leaf was made");
        };
        if !crate::derive::signed_by(
            &self.crypto,
            &leaf.seat_pk,
            &signed_leaf(&self.room, &leaf.key.public),
            seat_sig,
        ) {
            return refuse(Code::BadLeaf, "the seat did not sign this leaf key");
        }
        if let Some(bytes) = certificate {
            let opened = crate::policy::Certificate::open(
                &self.crypto,
                &self.room,
                &self.policy.host_pk,
                &leaf.seat_pk,
                bytes,
            )?;
            if !opened.is_valid_at(self.now()) {
                return refuse(Code::BadCertificate, "the certificate ran out");
            }
        }
        let seat = Seat {
            seat_pk: leaf.seat_pk.clone(),
            seat_sig: seat_sig.to_vec(),
            name_ct: self.seal_name(&leaf.seat_pk, &leaf.name)?,
            certificate: certificate.map(<[u8]>::to_vec),
        };
        if let Some(leaf) = &mut self.leaf {
            leaf.seat = Some(seat);
        }
        Ok(())
    }

    /// Seal a name with the link in force.
    pub fn seal_name(&self, seat_pk: &[u8], name: &str) -> Outcome<Vec<u8>> {
        let nonce = self.crypto.random_array().or_refuse(Code::Internal)?;
        seal_name(&self.crypto, &self.keys.meta, nonce, seat_pk, name)
    }

    /// The card to leave at the door.
    pub fn make_card(
        &self,
        seat_pk: &[u8],
        name: &str,
        invitation: Option<&[u8]>,
    ) -> Outcome<Vec<u8>> {
        make_card(
            &self.crypto,
            &self.room,
            &self.keys,
            seat_pk,
            &self.seal_name(seat_pk, name)?,
            invitation,
        )
    }

    /// Read a card somebody left at the door. `invitation`: id and secret of the personal one it must be made with.
    ///
    /// # Errors
    /// `malformed` or `wrong_secret`.
    pub fn open_card(&self, card: &[u8], invitation: Option<(&[u8], &[u8])>) -> Outcome<Card> {
        let Some((id, secret)) = invitation else {
            return open_card(&self.crypto, &self.room, &self.keys, card, None);
        };
        let keys = LinkKeys::derive(&self.crypto, &self.room, secret)?;
        open_card(&self.crypto, &self.room, &keys, card, Some(id))
    }

    /// Everybody in the group, by leaf.
    pub fn roster(&self) -> Outcome<Vec<Member>> {
        let now = self.now();
        let live = self.live()?;
        Ok(live
            .roster
            .iter()
            .map(|(leaf, seated)| Member {
                leaf: *leaf,
                identity: seated.identity.clone(),
                seat_pk: seated.seat.seat_pk.clone(),
                leaf_pk: seated.leaf_pk.clone(),
                name: std::iter::once(&self.keys)
                    .chain(&self.older_keys)
                    .find_map(|keys| {
                        open_name(
                            &self.crypto,
                            &keys.meta,
                            &seated.seat.seat_pk,
                            &seated.seat.name_ct,
                        )
                    }),
                role: seated.role_at(now).as_str(),
            })
            .collect())
    }

    /// The keys of the epoch we are in.
    pub fn epoch_keys(&self) -> Outcome<EpochKeys> {
        let live = self.live()?;
        let base = live
            .group
            .export_secret(&self.crypto, "SFrame 1.0 Base Key", &[], 16)
            .or_refuse(Code::Internal)?;
        Ok(EpochKeys {
            epoch: live.group.epoch().as_u64(),
            base: Zeroizing::new(base),
            authenticator: live.group.epoch_authenticator().as_slice().to_vec(),
            self_leaf: live.group.own_leaf_index().u32(),
        })
    }

    /// Take the link secret of the generation in force, which a host sent to the members.
    ///
    /// # Errors
    /// `wrong_state` where it is known already; `bad_request`; `wrong_secret` where it is not the policy's.
    pub fn new_secret(&mut self, secret: &[u8]) -> Outcome<()> {
        if self.live()?.has_secret {
            return refuse(Code::WrongState, "the secret in force is known");
        }
        let keys = LinkKeys::derive(&self.crypto, &self.room, secret)?;
        self.policy().check_link(&self.crypto, &self.room, &keys)?;
        let replaced = std::mem::replace(&mut self.keys, keys);
        self.older_keys.push(replaced);
        let Self {
            live: Some(live),
            keys,
            ..
        } = self
        else {
            return refuse(Code::WrongState, "no group");
        };
        store_psk(&live.provider, live.policy.generation, keys)?;
        live.has_secret = true;
        Ok(())
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.unwrap_or_else(clock)
    }

    pub(crate) fn ground(&self) -> Ground<'_> {
        Ground {
            crypto: &self.crypto,
            room: &self.room,
            fingerprint: &self.fingerprint,
            now: self.now(),
        }
    }

    pub(crate) fn live(&self) -> Outcome<&Live> {
        match &self.live {
            Some(live) => Ok(live),
            None if self.removed => refuse(Code::Removed, "we are not in the group any more"),
            None => refuse(Code::WrongState, "no group"),
        }
    }

    pub(crate) fn sealed_leaf(&self) -> Outcome<(&Leaf, &Seat)> {
        match &self.leaf {
            Some(
                leaf @ Leaf {
                    seat: Some(seat), ..
                },
            ) => Ok((leaf, seat)),
            _ => refuse(Code::WrongState, "no sealed leaf"),
        }
    }
}

impl Leaf {
    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.identity.clone().into_bytes()).into(),
            signature_key: self.key.public.clone().into(),
        }
    }
}

/// The extensions of a leaf with this seat.
pub(crate) fn leaf_extensions(seat: &Seat) -> Outcome<Extensions<LeafNode>> {
    Extensions::single(seat.extension()).or_refuse(Code::Internal)
}

/// What every leaf of ours can do.
pub(crate) fn capabilities() -> Capabilities {
    let ciphersuites: Vec<Ciphersuite> = vec![SUITE];
    Capabilities::builder()
        .versions(vec![ProtocolVersion::Mls10])
        .ciphersuites(ciphersuites)
        .extensions(vec![
            ExtensionType::Unknown(POLICY_EXTENSION),
            ExtensionType::Unknown(SEAT_EXTENSION),
        ])
        .credentials(vec![CredentialType::Basic])
        .build()
}

/// Handshakes travel in the clear, so that the server can order them; application messages never do.
pub(crate) fn group_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .max_past_epochs(PAST_EPOCHS)
        .build()
}

/// Put the PSK of a generation where OpenMLS looks for it.
pub(crate) fn store_psk(
    provider: &OpenMlsRustCrypto,
    generation: u32,
    keys: &LinkKeys,
) -> Outcome<()> {
    PreSharedKeyId::external(psk_id(generation), vec![])
        .store(provider, &keys.psk)
        .or_refuse(Code::Internal)
}

/// A provider with nothing in it but the PSK of a generation: each attempt to enter a group has its own.
pub(crate) fn provider_with_psk(generation: u32, keys: &LinkKeys) -> Outcome<OpenMlsRustCrypto> {
    let provider = OpenMlsRustCrypto::default();
    store_psk(&provider, generation, keys)?;
    Ok(provider)
}

/// Unix seconds.
fn clock() -> u64 {
    crate::host::now_ms() as u64 / 1000
}
